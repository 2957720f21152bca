package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;

/** apk's list of installed packages: lines of one letter and a colon, packages separated by empty lines. */
final class ApkReader {
    private ApkReader() {}

    static void read(String path, InputStream content, Collector found) throws IOException {
        var lines = new Lines(content, found.limits().databaseBytes());
        var name = "";
        var version = "";
        var origin = "";
        var folder = "";
        for (var line = lines.next(); ; line = lines.next()) {
            if (line == null || line.isEmpty()) {
                if (!name.isEmpty() || !version.isEmpty()) {
                    var source = origin.isEmpty() ? name : origin;
                    found.add(
                            new Component(Component.Kind.APK, Ecosystem.of(""), name, version, source, version, path));
                }
                if (line == null) {
                    return;
                }
                name = "";
                version = "";
                origin = "";
                folder = "";
            } else if (line.length() > 2 && line.charAt(1) == ':') {
                var value = line.substring(2);
                switch (line.charAt(0)) {
                    case 'P' -> name = value;
                    case 'V' -> version = value;
                    case 'o' -> origin = value;
                    case 'F' -> folder = value;
                    case 'R' -> found.owns(folder + "/" + value);
                    default -> {}
                }
            }
        }
    }
}
