package io.scaibunker.vulns;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A directory of OSV records in osv-scanner's layout: {@code <dir>/<Ecosystem>/all.zip} and loose {@code *.json} beside it. Each
 * ecosystem is read when it is first asked for, and again when its files have changed; whoever holds a {@link AdvisorySnapshot} keeps
 * what it has. Files must be replaced by renaming, as {@link AdvisoryImport} does. Safe for use by several threads.
 */
public final class AdvisoryDatabase {
    private record Loaded(String fingerprint, AdvisoryIndex index) {}

    private record Named(String fingerprint, String digest) {}

    private final Path directory;
    private final Map<String, Loaded> loaded = new HashMap<>();
    private final Map<String, Named> named = new HashMap<>();

    public AdvisoryDatabase(Path directory) {
        this.directory = directory;
    }

    /**
     * The advisories of some ecosystems as they are now. What is missing is missing in the snapshot too, which tells.
     *
     * @param ecosystems by their names in OSV, without releases
     * @throws ScanException {@link ScanReason#DB_CORRUPT} if files are there and cannot be read, even if older ones could
     */
    public synchronized AdvisorySnapshot snapshot(Collection<String> ecosystems) throws IOException {
        var indexes = new TreeMap<String, AdvisoryIndex>();
        for (var ecosystem : ecosystems) {
            try {
                indexes.put(ecosystem, current(ecosystem));
            } catch (ScanException missing) {
                if (missing.reason() != ScanReason.DB_MISSING) {
                    throw missing;
                }
            }
        }
        return new AdvisorySnapshot(indexes);
    }

    private AdvisoryIndex current(String ecosystem) throws IOException {
        if (VersionOrder.of(ecosystem).isEmpty()) {
            throw new ScanException(ScanReason.DB_MISSING, "the versions of " + ecosystem + " cannot be compared here");
        }
        var folder = directory.resolve(ecosystem);
        var fingerprint = new AdvisoryFiles(ecosystem, folder).fingerprint();
        var known = loaded.get(ecosystem);
        if (known != null && known.fingerprint.equals(fingerprint)) {
            return known.index;
        }
        var index = new AdvisoryFiles(ecosystem, folder).read();
        loaded.put(ecosystem, new Loaded(fingerprint, index));
        return index;
    }

    /**
     * Names the content of the database: equal files have equal versions, on any machine. The files are read to the end when
     * they look changed from outside.
     */
    public synchronized String version() throws IOException {
        var all = AdvisoryFiles.sha256();
        for (var ecosystem : ecosystems()) {
            var files = new AdvisoryFiles(ecosystem, directory.resolve(ecosystem));
            var fingerprint = files.fingerprint();
            var known = named.get(ecosystem);
            if (known == null || !known.fingerprint.equals(fingerprint)) {
                known = new Named(fingerprint, files.digest());
                named.put(ecosystem, known);
            }
            all.update((ecosystem + "\n" + known.digest + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(all.digest(), 0, 16);
    }

    /** The ecosystems that have files and whose versions can be compared. */
    public List<String> ecosystems() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var folders = Files.list(directory)) {
            var found = new ArrayList<String>();
            for (var folder : folders.filter(Files::isDirectory).sorted().toList()) {
                var name = folder.getFileName().toString();
                if (VersionOrder.of(name).isPresent() && holdsRecords(folder)) {
                    found.add(name);
                }
            }
            return List.copyOf(found);
        }
    }

    private static boolean holdsRecords(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.anyMatch(file -> file.getFileName().toString().equals(AdvisoryFiles.ARCHIVE)
                    || file.getFileName().toString().endsWith(".json"));
        }
    }

    /** What is known of each ecosystem there is; reads those not read yet. */
    public List<DatabaseStatus> status() throws IOException {
        return snapshot(ecosystems()).status();
    }
}
