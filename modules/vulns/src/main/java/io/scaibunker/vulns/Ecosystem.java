package io.scaibunker.vulns;

import java.util.Optional;

/**
 * Where a package comes from, as OSV names it.
 *
 * @param base the part before the first colon, which is also the name of its folder in a database: {@code Debian}, {@code PyPI}
 * @param release of a distribution, {@code 12} or {@code v3.18}; empty for what has none
 */
public record Ecosystem(String base, String release) {
    /** Without a release. */
    public static Ecosystem of(String base) {
        return new Ecosystem(base, "");
    }

    /**
     * An ecosystem as an advisory spells it. Empty for those that say nothing about a plain image: Ubuntu's paid streams, Red
     * Hat's extended ones and its layered products.
     */
    static Optional<Ecosystem> parse(String osv) {
        var colon = osv.indexOf(':');
        if (colon < 0) {
            return Optional.of(of(osv));
        }
        var base = osv.substring(0, colon);
        var suffix = osv.substring(colon + 1);
        return switch (base) {
            case "Ubuntu" -> ubuntu(suffix);
            case "Red Hat" -> redHat(suffix);
            default -> Optional.of(new Ecosystem(base, suffix));
        };
    }

    private static Optional<Ecosystem> ubuntu(String suffix) {
        var release = suffix.endsWith(":LTS") ? suffix.substring(0, suffix.length() - 4) : suffix;
        return release.contains(":") || !Text.digit(release.isEmpty() ? 'x' : release.charAt(0))
                ? Optional.empty()
                : Optional.of(new Ecosystem("Ubuntu", release));
    }

    private static Optional<Ecosystem> redHat(String suffix) {
        var parts = suffix.split(":", 3);
        if (parts.length < 2 || !parts[0].equals("enterprise_linux")) {
            return Optional.empty();
        }
        var dot = parts[1].indexOf('.');
        return Optional.of(new Ecosystem("Red Hat", dot < 0 ? parts[1] : parts[1].substring(0, dot)));
    }

    /** Whether an advisory for this ecosystem speaks of a package of {@code installed}. Rocky's may leave the release out. */
    boolean covers(Ecosystem installed) {
        return base.equals(installed.base)
                && (release.equals(installed.release) || (release.isEmpty() && base.equals("Rocky Linux")));
    }

    @Override
    public String toString() {
        return release.isEmpty() ? base : base + ":" + release;
    }
}
