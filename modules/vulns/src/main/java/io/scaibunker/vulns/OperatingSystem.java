package io.scaibunker.vulns;

import java.util.Optional;

/**
 * The distribution that an image says it is.
 *
 * @param id {@code ID} of os-release, such as {@code debian}
 * @param version {@code VERSION_ID}, empty if there is none
 * @param name {@code PRETTY_NAME}
 */
public record OperatingSystem(String id, String version, String name) {
    /** The ecosystem of its packages; empty for a distribution, or a release, that no advisories are known for. */
    Optional<Ecosystem> ecosystem() {
        if (id.equals("wolfi") || id.equals("chainguard")) {
            return Optional.of(Ecosystem.of(id.equals("wolfi") ? "Wolfi" : "Chainguard"));
        }
        if (version.isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(
                switch (id) {
                    case "debian" -> new Ecosystem("Debian", major());
                    case "ubuntu" -> new Ecosystem("Ubuntu", version);
                    case "alpine" -> new Ecosystem("Alpine", "v" + minor());
                    case "almalinux" -> new Ecosystem("AlmaLinux", major());
                    case "rocky" -> new Ecosystem("Rocky Linux", major());
                    case "rhel" -> new Ecosystem("Red Hat", major());
                    case "opensuse-leap" -> new Ecosystem("openSUSE", "Leap " + version);
                    case "mariner", "azurelinux" -> new Ecosystem("Azure Linux", major());
                    default -> null;
                });
    }

    /** What its package database is made of; empty if that is not known. */
    Optional<Component.Kind> packages() {
        return Optional.ofNullable(
                switch (id) {
                    case "debian", "ubuntu" -> Component.Kind.DEB;
                    case "alpine", "wolfi", "chainguard" -> Component.Kind.APK;
                    case "almalinux",
                            "rocky",
                            "rhel",
                            "centos",
                            "fedora",
                            "opensuse-leap",
                            "sles",
                            "amzn",
                            "ol",
                            "mariner",
                            "azurelinux" -> Component.Kind.RPM;
                    default -> null;
                });
    }

    private String major() {
        var dot = version.indexOf('.');
        return dot < 0 ? version : version.substring(0, dot);
    }

    private String minor() {
        var dot = version.indexOf('.');
        var second = dot < 0 ? -1 : version.indexOf('.', dot + 1);
        return second < 0 ? version : version.substring(0, second);
    }
}
