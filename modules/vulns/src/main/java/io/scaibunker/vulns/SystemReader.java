package io.scaibunker.vulns;

import java.io.IOException;
import java.util.HashMap;

/** os-release: {@code KEY=value} or {@code KEY="value"}. */
final class SystemReader {
    private SystemReader() {}

    static void read(String path, Lines lines, Collector found) throws IOException {
        var values = new HashMap<String, String>();
        for (var line = lines.next(); line != null; line = lines.next()) {
            var equals = line.indexOf('=');
            if (equals > 0 && values.size() < 100) {
                values.put(
                        line.substring(0, equals).strip(),
                        unquoted(line.substring(equals + 1).strip()));
            }
        }
        var id = values.getOrDefault("ID", "");
        if (!id.isEmpty()) {
            var system = new OperatingSystem(
                    id, values.getOrDefault("VERSION_ID", ""), values.getOrDefault("PRETTY_NAME", id));
            found.system(system, path.startsWith("etc/"));
        }
    }

    private static String unquoted(String value) {
        var quoted = value.length() >= 2
                && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(value.length() - 1) == value.charAt(0);
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
