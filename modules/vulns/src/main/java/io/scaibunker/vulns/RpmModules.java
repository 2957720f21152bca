package io.scaibunker.vulns;

import java.util.regex.Pattern;

/**
 * Modules of Red Hat's family: one distribution has several streams of one package side by side, and their errata name only packages and
 * versions. What belongs to a module has {@code .module} in its release; what follows names the platform it was built for, which says
 * nothing of what it repairs.
 */
final class RpmModules {
    private static final String MARK = ".module";
    private static final Pattern NUMBERED = Pattern.compile("\\d+(?:\\.\\d+)*");

    private RpmModules() {}

    static boolean isModular(String version) {
        return version.contains(MARK);
    }

    /** By rpm's order, whatever platform they were built for. */
    static int compare(String left, String right) {
        return RpmOrder.compare(unmarked(left), unmarked(right));
    }

    private static String unmarked(String version) {
        var mark = version.indexOf(MARK);
        return mark < 0 ? version : version.substring(0, mark);
    }

    /**
     * Whether a repaired version is of the stream that a package is from. Streams are mostly called by the versions they have: where the
     * installed version is one of those, the repaired one must be too. Others cannot be told apart, and are taken for the same.
     *
     * @param stream such as {@code nodejs:18}; empty if the package does not say
     */
    static boolean sameStream(String stream, String installed, String repaired) {
        var name = stream.substring(stream.indexOf(':') + 1);
        return !NUMBERED.matcher(name).matches() || !of(installed, name) || of(repaired, name);
    }

    private static boolean of(String version, String stream) {
        var plain = version.substring(version.indexOf(':') + 1);
        return plain.startsWith(stream)
                && (plain.length() == stream.length() || !Text.digit(plain.charAt(stream.length())));
    }
}
