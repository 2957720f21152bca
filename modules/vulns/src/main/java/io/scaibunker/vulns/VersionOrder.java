package io.scaibunker.vulns;

import java.util.Comparator;
import java.util.Optional;
import org.apache.maven.artifact.versioning.ComparableVersion;

/**
 * How the versions of an ecosystem follow each other. Every order is total and takes any text: what is no version of the ecosystem
 * still has its place, and nothing is thrown, for versions come from images and advisories as they are.
 */
public enum VersionOrder implements Comparator<String> {
    /** Debian, Ubuntu. */
    DPKG(DpkgOrder::compare),
    /** AlmaLinux, Rocky Linux, Red Hat, SUSE, openSUSE and their kin. */
    RPM(RpmOrder::compare),
    /** The same among packages of modules. */
    RPM_MODULE(RpmModules::compare),
    /** Alpine, Wolfi, Chainguard. */
    APK(ApkOrder::compare),
    /** PyPI. */
    PEP440(PythonOrder::compare),
    /** npm, Go, crates.io, Bitnami, and every range of type {@code SEMVER}. */
    SEMVER(SemverOrder::compare),
    /** Maven. */
    MAVEN((left, right) -> new ComparableVersion(left).compareTo(new ComparableVersion(right))),
    /** RubyGems. */
    GEM(GemOrder::compare);

    private static final int LONGEST = 512;

    private final Comparator<String> order;

    VersionOrder(Comparator<String> order) {
        this.order = order;
    }

    /** The order of an ecosystem by its name in OSV, without a release; empty for one that is not known here. */
    public static Optional<VersionOrder> of(String ecosystem) {
        return Optional.ofNullable(
                switch (ecosystem) {
                    case "Debian", "Ubuntu" -> DPKG;
                    case "AlmaLinux",
                            "Rocky Linux",
                            "Red Hat",
                            "SUSE",
                            "openSUSE",
                            "openEuler",
                            "Mageia",
                            "Azure Linux" -> RPM;
                    case "Alpine", "Wolfi", "Chainguard", "MinimOS" -> APK;
                    case "PyPI" -> PEP440;
                    case "npm", "Go", "crates.io", "Bitnami" -> SEMVER;
                    case "Maven" -> MAVEN;
                    case "RubyGems" -> GEM;
                    default -> null;
                });
    }

    /** Versions beyond {@value LONGEST} characters are compared by their beginning: no real one is so long. */
    @Override
    public int compare(String left, String right) {
        return order.compare(cut(left), cut(right));
    }

    private static String cut(String version) {
        return version.length() > LONGEST ? version.substring(0, LONGEST) : version;
    }
}
