package io.scaibunker.worker;

import io.scaibunker.ext4.Mke2fsWriter;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.model.Digest;
import io.scaibunker.model.WorkerId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * Where a worker keeps what.
 *
 * <pre>
 *   worker-id     its id for life
 *   copies/       &lt;digest&gt;.ext4, and one ledger entry an image
 *   bakes/        half-made things; emptied at start
 *   incoming/     copies that come in from other workers, as far as they have come
 *   blobs/        layers as they were fetched, while there is room
 *   segments/     which layers lie in which copy
 *   inventories/  what each copy holds
 *   bunkers/      a directory a machine: what was wanted, its sockets, its scratch
 *   snapshots/    a directory each: what a bunker had written, and the image below
 *   guest/        the initrd, and what the acceleration probe found
 * </pre>
 */
final class WorkerFiles {
    private final Path root;

    private WorkerFiles(Path root) {
        this.root = root;
    }

    /** Makes what is missing and removes what an earlier run left half-made; its machines run on. */
    static WorkerFiles open(Path root) throws IOException {
        WorkerFiles files = new WorkerFiles(root.toAbsolutePath().normalize());
        for (Path directory : List.of(
                files.root,
                files.copies(),
                files.bakes(),
                files.incoming(),
                files.blobs(),
                files.segments(),
                files.inventories(),
                files.bunkers(),
                files.snapshots(),
                files.guest())) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        files.removeHalfMade();
        KnownLayers.sweep(files.segments());
        return files;
    }

    private void removeHalfMade() throws IOException {
        try (var bakes = Files.newDirectoryStream(bakes())) {
            for (Path bake : bakes) {
                if (Files.isDirectory(bake)) {
                    Mke2fsWriter.cleanUp(bake);
                }
                Leftovers.remove(bake);
            }
        }
    }

    /** The id of the first start, for ever. */
    WorkerId id() throws IOException {
        Path file = root.resolve("worker-id");
        if (!Files.exists(file)) {
            writeWhole(file, WorkerId.fresh().toString());
        }
        return WorkerId.parse(Files.readString(file).strip());
    }

    Path copies() {
        return root.resolve("copies");
    }

    Path bakes() {
        return root.resolve("bakes");
    }

    Path incoming() {
        return root.resolve("incoming");
    }

    /** Where one image comes in. */
    Path incoming(Digest artifact) {
        return incoming().resolve(artifact.hex());
    }

    Path blobs() {
        return root.resolve("blobs");
    }

    Path segments() {
        return root.resolve("segments");
    }

    Path inventories() {
        return root.resolve("inventories");
    }

    Path bunkers() {
        return root.resolve("bunkers");
    }

    Path snapshots() {
        return root.resolve("snapshots");
    }

    Path guest() {
        return root.resolve("guest");
    }

    /** Writes beside, syncs, renames: the file is there whole or not at all. */
    static void writeWhole(Path file, String content) throws IOException {
        writeWhole(file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    static void writeWhole(Path file, byte[] content) throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + ".part");
        try (var channel = FileChannel.open(
                beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        try {
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the data directory must be on one file system", e);
        }
    }
}
