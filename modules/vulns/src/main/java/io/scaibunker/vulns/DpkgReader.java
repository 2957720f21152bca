package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * dpkg's status file, and the folder status.d of images without dpkg. Advisories speak of source packages: a package that does not
 * name its source is its own, less the mark of a rebuild.
 */
final class DpkgReader {
    private static final Set<String> FIELDS = Set.of("Package", "Status", "Version", "Source");
    private static final Pattern REBUILD = Pattern.compile("\\+b\\d+$");

    private final Collector found;

    DpkgReader(Collector found) {
        this.found = found;
    }

    void status(String path, InputStream content) throws IOException {
        var whole = path.equals(Paths.DPKG);
        var lines = new Lines(content, found.limits().databaseBytes());
        var fields = new HashMap<String, String>();
        for (var line = lines.next(); line != null; line = lines.next()) {
            if (line.isEmpty()) {
                stanza(path, fields, whole);
                fields.clear();
            } else if (line.charAt(0) != ' ' && line.charAt(0) != '\t') {
                var colon = line.indexOf(':');
                if (colon > 0 && FIELDS.contains(line.substring(0, colon))) {
                    fields.put(
                            line.substring(0, colon), line.substring(colon + 1).strip());
                }
            }
        }
        stanza(path, fields, whole);
    }

    private void stanza(String path, Map<String, String> fields, boolean whole) throws IOException {
        var name = fields.get("Package");
        var version = fields.get("Version");
        if (name == null || (whole && !fields.getOrDefault("Status", "").endsWith(" installed"))) {
            return;
        }
        if (version == null) {
            throw new ScanException(ScanReason.INVENTORY_INCOMPLETE, "package " + name + " has no version");
        }
        var source = fields.getOrDefault("Source", "");
        var open = source.indexOf('(');
        var sourceName = source.isEmpty() ? name : (open < 0 ? source : source.substring(0, open)).strip();
        var sourceVersion = open < 0 || !source.endsWith(")")
                ? REBUILD.matcher(version).replaceFirst("")
                : source.substring(open + 1, source.length() - 1).strip();
        found.add(new Component(Component.Kind.DEB, Ecosystem.of(""), name, version, sourceName, sourceVersion, path));
    }

    /** The files of one package. */
    void list(InputStream content) throws IOException {
        var lines = new Lines(content, found.limits().databaseBytes());
        for (var line = lines.next(); line != null; line = lines.next()) {
            found.owns(line);
        }
    }
}
