package io.scaibunker.worker;

import io.scaibunker.model.Digest;
import io.scaibunker.vulns.ImageInventory;
import io.scaibunker.vulns.InventoryJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the copies here hold, each in a file of its own beside them. Made when a copy is, while its bytes are still in memory; what is
 * missing is made from the copy when somebody asks. So nothing depends on these files, and whoever has the copy can tell.
 */
final class Inventories {
    private static final Logger LOG = LoggerFactory.getLogger(Inventories.class);
    private static final String ENDING = ".inventory";

    private final Path directory;
    private final CopyLedger ledger;

    Inventories(Path directory, CopyLedger ledger) {
        this.directory = directory;
        this.ledger = ledger;
    }

    /** For a copy that was just made. Never the reason why a bake fails. */
    void prepare(Digest artifact) {
        try {
            long start = System.nanoTime();
            Optional<byte[]> packed = read(artifact);
            LOG.info(
                    "inventory of {}: {} bytes in {} ms",
                    artifact,
                    packed.map(bytes -> bytes.length).orElse(0),
                    (System.nanoTime() - start) / 1_000_000);
        } catch (IOException | RuntimeException e) {
            LOG.warn("the inventory of {} is made when it is asked for", artifact, e);
        }
    }

    /** What an artifact holds, packed; empty if there is no copy of it here. One at a time. */
    synchronized Optional<byte[]> read(Digest artifact) throws IOException {
        Path file = directory.resolve(artifact.hex() + ENDING);
        if (Files.isRegularFile(file)) {
            return Optional.of(Files.readAllBytes(file));
        }
        Path copy = ledger.fileOf(artifact);
        if (!Files.isRegularFile(copy)) {
            return Optional.empty();
        }
        byte[] packed = InventoryJson.pack(ImageInventory.read(copy));
        WorkerFiles.writeWhole(file, packed);
        return Optional.of(packed);
    }

    /** Forgets what copies held that are gone. */
    synchronized void removeOthers() throws IOException {
        var named = ledger.all().values().stream()
                .map(copy -> copy.artifactDigest().hex() + ENDING)
                .collect(Collectors.toSet());
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (!named.contains(file.getFileName().toString())) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
