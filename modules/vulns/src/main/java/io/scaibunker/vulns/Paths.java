package io.scaibunker.vulns;

import java.util.Set;

/** Which paths of an image tell of packages. All without a leading slash. */
final class Paths {
    static final Set<String> APK =
            Set.of("lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/apk/db/installed");
    static final Set<String> SYSTEM = Set.of("etc/os-release", "usr/lib/os-release");
    static final String DPKG = "var/lib/dpkg/status";

    private static final Set<String> RPM_FOLDERS = Set.of("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm");
    private static final Set<String> RPM_FILES = Set.of("Packages", "Packages.db", "rpmdb.sqlite", "rpmdb.sqlite-wal");

    private Paths() {}

    static boolean rpm(String path) {
        var slash = path.lastIndexOf('/');
        return slash > 0
                && path.charAt(0) <= 'v'
                && RPM_FILES.contains(path.substring(slash + 1))
                && RPM_FOLDERS.contains(path.substring(0, slash));
    }

    static boolean dpkgPart(String path) {
        return path.startsWith("var/lib/dpkg/status.d/") && !path.endsWith(".md5sums");
    }

    static boolean dpkgList(String path) {
        return path.endsWith(".list") && path.startsWith("var/lib/dpkg/info/");
    }

    static boolean python(String path) {
        return path.endsWith(".dist-info/METADATA")
                || path.endsWith(".egg-info/PKG-INFO")
                || path.endsWith(".egg-info");
    }

    static boolean gem(String path) {
        return path.endsWith(".gemspec") && (path.contains("/specifications/") || path.startsWith("specifications/"));
    }

    /** {@code …/node_modules/name/package.json} and {@code …/node_modules/@scope/name/package.json}, not what lies deeper. */
    static boolean npm(String path) {
        if (!path.endsWith("/package.json")) {
            return false;
        }
        var modules = path.lastIndexOf("node_modules/");
        if (modules < 0 || (modules > 0 && path.charAt(modules - 1) != '/')) {
            return false;
        }
        var name = path.substring(modules + "node_modules/".length(), path.length() - "/package.json".length());
        var slash = name.indexOf('/');
        return name.startsWith("@") ? slash > 0 && name.indexOf('/', slash + 1) < 0 : slash < 0;
    }

    static boolean jar(String path) {
        return path.endsWith(".jar") || path.endsWith(".war") || path.endsWith(".ear");
    }

    /** Described by a language's own files. */
    static boolean ofLanguage(String path) {
        return python(path) || gem(path) || jar(path) || npm(path);
    }

    /** Programs have no dot in their names; libraries in the places of programs may. */
    static boolean maybeProgram(String path) {
        return path.startsWith("bin/")
                || path.startsWith("sbin/")
                || path.contains("/bin/")
                || path.contains("/sbin/")
                || path.indexOf('.', path.lastIndexOf('/') + 1) < 0;
    }

    /** One spelling for /bin and /usr/bin, /lib and /usr/lib: distributions merge them, their packages' lists do not. */
    static String merged(String path) {
        var plain = path.startsWith("/") ? path.substring(1) : path;
        if (plain.startsWith("usr/bin/") || plain.startsWith("usr/sbin/") || plain.startsWith("usr/lib")) {
            return plain.substring(4);
        }
        return plain;
    }
}
