package io.scaibunker.vulns;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * One package that an image holds.
 *
 * @param kind what described it
 * @param ecosystem whose advisories speak of it; its base is empty if nobody's do
 * @param name as its own database has it
 * @param version as its own database has it
 * @param sourceName of the package it was built from, where distributions publish advisories by source; else its name
 * @param sourceVersion of that package
 * @param path of the file that told of it, without a leading slash
 * @param stream of the module that it belongs to, as Red Hat's family has them: {@code nodejs:18}; empty for all else
 */
public record Component(
        Kind kind,
        Ecosystem ecosystem,
        String name,
        String version,
        String sourceName,
        String sourceVersion,
        String path,
        String stream) {
    /** What describes a package. */
    public enum Kind {
        DEB("deb"),
        APK("apk"),
        RPM("rpm"),
        PYTHON("pypi"),
        NPM("npm"),
        GEM("gem"),
        JAR("maven"),
        GO("golang");

        private final String purlType;

        Kind(String purlType) {
            this.purlType = purlType;
        }

        boolean ofSystem() {
            return this == DEB || this == APK || this == RPM;
        }
    }

    /** A package of no module. */
    public Component(
            Kind kind,
            Ecosystem ecosystem,
            String name,
            String version,
            String sourceName,
            String sourceVersion,
            String path) {
        this(kind, ecosystem, name, version, sourceName, sourceVersion, path, "");
    }

    static Component of(Kind kind, String ecosystem, String name, String version, String path) {
        return new Component(kind, Ecosystem.of(ecosystem), name, version, name, version, path);
    }

    Component in(Ecosystem found) {
        return new Component(kind, found, name, version, sourceName, sourceVersion, path, stream);
    }

    /**
     * The package URL, such as {@code pkg:deb/debian/curl@7.88.1-10?distro=debian-12}.
     *
     * @param system of the image
     */
    public String purl(@Nullable OperatingSystem system) {
        var full = kind == Kind.JAR ? name.replace(':', '/') : name;
        var url = new StringBuilder("pkg:").append(kind.purlType);
        if (kind.ofSystem() && system != null) {
            url.append('/').append(encode(system.id()));
        }
        for (var part : full.split("/")) {
            url.append('/').append(encode(part));
        }
        // rpm's epoch is no part of the version in a package URL.
        var colon = kind == Kind.RPM ? version.indexOf(':') : -1;
        url.append('@').append(encode(version.substring(colon + 1)));
        var qualifiers = new ArrayList<String>();
        if (kind.ofSystem() && system != null) {
            qualifiers.add(
                    "distro=" + encode(system.id() + (system.version().isEmpty() ? "" : "-" + system.version())));
        }
        if (colon > 0) {
            qualifiers.add("epoch=" + encode(version.substring(0, colon)));
        }
        if (!sourceName.equals(name) || !sourceVersion.equals(version)) {
            qualifiers.add("upstream=" + encode(sourceName + "@" + sourceVersion));
        }
        return url.append(qualifiers.isEmpty() ? "" : "?")
                .append(String.join("&", qualifiers))
                .toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%3A", ":");
    }
}
