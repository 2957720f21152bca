package io.scaibunker.vulns;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

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
 */
public record Component(
        Kind kind,
        Ecosystem ecosystem,
        String name,
        String version,
        String sourceName,
        String sourceVersion,
        String path) {
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

    static Component of(Kind kind, String ecosystem, String name, String version, String path) {
        return new Component(kind, Ecosystem.of(ecosystem), name, version, name, version, path);
    }

    Component in(Ecosystem found) {
        return new Component(kind, found, name, version, sourceName, sourceVersion, path);
    }

    /** The package URL, such as {@code pkg:deb/debian/curl@7.88.1-10}. */
    public String purl() {
        var namespace = kind.ofSystem()
                ? encode(ecosystem.base().toLowerCase(java.util.Locale.ROOT).replace(" ", "-")) + "/"
                : "";
        var full = kind == Kind.JAR ? name.replace(':', '/') : name;
        var encoded = new StringBuilder();
        for (var part : full.split("/")) {
            encoded.append(encoded.isEmpty() ? "" : "/").append(encode(part));
        }
        return "pkg:" + kind.purlType + "/" + (namespace.equals("/") ? "" : namespace) + encoded + "@"
                + encode(version);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%3A", ":");
    }
}
