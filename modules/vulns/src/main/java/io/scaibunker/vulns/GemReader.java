package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Pattern;

/** An installed gem's specification: Ruby, but written by a program; its stub line or its assignments say what it is. */
final class GemReader {
    private static final Pattern NAME = Pattern.compile("^\\s*\\w+\\.name\\s*=\\s*[\"']([^\"']+)[\"']");
    private static final Pattern VERSION =
            Pattern.compile("^\\s*\\w+\\.version\\s*=\\s*(?:Gem::Version\\.new\\s*\\(?\\s*)?[\"']([^\"']+)[\"']");

    private GemReader() {}

    static void read(String path, InputStream content, Collector found) throws IOException {
        var lines = new Lines(content, found.limits().metadataBytes());
        var name = "";
        var version = "";
        for (var line = lines.next(); line != null; line = lines.next()) {
            if (line.startsWith("# stub: ")) {
                var words = line.substring(8).split(" ");
                if (words.length >= 2) {
                    name = words[0];
                    version = words[1];
                }
            }
            var named = NAME.matcher(line);
            if (name.isEmpty() && named.find()) {
                name = named.group(1);
            }
            var versioned = VERSION.matcher(line);
            if (version.isEmpty() && versioned.find()) {
                version = versioned.group(1);
            }
            if (!name.isEmpty() && !version.isEmpty()) {
                break;
            }
        }
        found.add(Component.of(Component.Kind.GEM, "RubyGems", name, version, path));
    }
}
