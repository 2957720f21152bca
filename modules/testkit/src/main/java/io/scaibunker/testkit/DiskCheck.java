package io.scaibunker.testkit;

import io.vertx.core.json.JsonObject;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What must be true of the workers' disks, and of the machines, when a fleet has come to rest. */
final class DiskCheck {
    private final TestDatabase database;
    private final Map<String, Path> workers;

    /** @param workers where each keeps its things */
    DiskCheck(TestDatabase database, Map<String, Path> workers) {
        this.database = database;
        this.workers = workers;
    }

    /** What is not as it must be, each in a line. */
    List<String> violations() {
        var found = new ArrayList<String>();
        workers.forEach((name, dir) -> new Worker(found, name, dir).look());
        return found;
    }

    /** Copies of one artifact whose bytes differ. Reads all of them. */
    List<String> differences() {
        var found = new ArrayList<String>();
        var first = new HashMap<String, Path>();
        workers.values()
                .forEach(dir -> names(dir.resolve("copies")).stream()
                        .filter(file -> file.endsWith(".ext4"))
                        .forEach(file -> {
                            var copy = dir.resolve("copies").resolve(file);
                            var other = first.putIfAbsent(file, copy);
                            if (other != null && mismatch(copy, other) >= 0) {
                                found.add(copy + " differs from " + other + " at " + mismatch(copy, other));
                            }
                        }));
        return found;
    }

    private static long mismatch(Path one, Path other) {
        try {
            return Files.mismatch(one, other);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> names(Path dir) {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One worker: what its rows say, what its ledger says, and what lies there. */
    private final class Worker {
        private final List<String> found;
        private final String name;
        private final Path dir;

        Worker(List<String> found, String name, Path dir) {
            this.found = found;
            this.name = name;
            this.dir = dir;
        }

        void look() {
            var rows = rows("""
                    SELECT printed('img', c.image_id) AS name, c.artifact_digest AS value
                      FROM image_cache c JOIN workers w ON w.id = c.worker_id
                     WHERE w.name = '%s' AND c.status = 'ready'
                    """);
            equal("its ledger", rows, ledger());
            var digests = rows.values().stream()
                    .map(digest -> digest.substring("sha256:".length()))
                    .collect(Collectors.toSet());
            var files = new TreeSet<String>();
            rows.keySet().forEach(image -> files.add(image + ".json"));
            digests.forEach(digest -> files.addAll(List.of(digest + ".ext4", digest + ".table")));
            equal("copies/", files, names(dir.resolve("copies")));
            equal("bakes/", Set.of(), names(dir.resolve("bakes")));
            equal("incoming/", Set.of(), names(dir.resolve("incoming")));
            inventories(digests);
            segments();
            blobs();
            var bunkers = rows("""
                    SELECT printed('bnk', b.id) AS name, b.status AS value
                      FROM bunkers b JOIN workers w ON w.id = b.worker_id WHERE w.name = '%s' AND b.status = 'running'
                    """).keySet();
            equal("bunkers/", bunkers, names(dir.resolve("bunkers")));
            equal("its machines", bunkers, Machines.below(dir).keySet());
        }

        private Map<String, String> rows(String query) {
            var rows = new HashMap<String, String>();
            database.rows(query.formatted(name))
                    .forEach(row -> rows.put(String.valueOf(row.get("name")), String.valueOf(row.get("value"))));
            return rows;
        }

        private Map<String, String> ledger() {
            var entries = new HashMap<String, String>();
            for (var file : names(dir.resolve("copies"))) {
                if (file.endsWith(".json")) {
                    var entry = new JsonObject(text(dir.resolve("copies").resolve(file)));
                    entries.put(file.replace(".json", ""), entry.getString("artifactDigest"));
                }
            }
            return entries;
        }

        private static String text(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void inventories(Set<String> digests) {
            names(dir.resolve("inventories")).stream()
                    .filter(file -> !digests.contains(file.replace(".inventory", "")))
                    .forEach(file -> found.add(name + ": inventories/" + file + " is of no copy"));
        }

        /** What is noted of layers is of copies that are here, and nothing is kept beside. */
        private void segments() {
            var there = names(dir.resolve("segments"));
            for (var file : there) {
                var layer = file.replaceFirst("[-.].*", "");
                var note = dir.resolve("segments").resolve(layer + ".note");
                if (!there.contains(layer + ".note") || !Files.exists(imageOf(note))) {
                    found.add(name + ": segments/" + file + " is of no copy");
                }
            }
        }

        private static Path imageOf(Path note) {
            try (var in = new DataInputStream(Files.newInputStream(note))) {
                in.readInt();
                return Path.of(in.readUTF());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void blobs() {
            for (var repository : names(dir.resolve("blobs"))) {
                names(dir.resolve("blobs").resolve(repository)).stream()
                        .filter(file -> !file.matches("[0-9a-f]{64}"))
                        .forEach(file -> found.add(name + ": blobs/" + repository + "/" + file + " was left behind"));
            }
        }

        private void equal(String what, Object rows, Object here) {
            if (!rows.equals(here)) {
                found.add(name + ": " + what + " is " + here + ", by the rows " + rows);
            }
        }
    }
}
