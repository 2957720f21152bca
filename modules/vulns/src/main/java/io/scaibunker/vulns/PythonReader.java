package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;

/** METADATA and PKG-INFO: the headers of a letter, up to the first empty line. */
final class PythonReader {
    private PythonReader() {}

    static void read(String path, InputStream content, Collector found) throws IOException {
        var lines = new Lines(content, found.limits().metadataBytes());
        var name = "";
        var version = "";
        for (var line = lines.next(); line != null && !line.isEmpty(); line = lines.next()) {
            if (name.isEmpty() && line.regionMatches(true, 0, "Name:", 0, 5)) {
                name = line.substring(5).strip();
            } else if (version.isEmpty() && line.regionMatches(true, 0, "Version:", 0, 8)) {
                version = line.substring(8).strip();
            }
            if (!name.isEmpty() && !version.isEmpty()) {
                break;
            }
        }
        found.add(
                Component.of(Component.Kind.PYTHON, "PyPI", AdvisoryIndex.canonicalName("PyPI", name), version, path));
    }
}
