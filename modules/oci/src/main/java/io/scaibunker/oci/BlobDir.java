package io.scaibunker.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * A directory of files named by their SHA-256 ({@code <64 hex digits>}). A file has its name only when it is whole, checked and
 * on disk; half-made ones end in {@code .part}. Safe for many threads and processes: the last to finish a blob replaces an equal one.
 */
public final class BlobDir {
    private static final String HALF_MADE = ".part";

    private final Path directory;

    /** Creates the directory where missing. */
    public BlobDir(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
        } catch (IOException failed) {
            throw DiskTrouble.of("create " + directory, failed);
        }
    }

    /** Where the blob is or would be. */
    public Path pathOf(ContentDigest digest) {
        return directory.resolve(digest.hex());
    }

    /** The blob, if it is here with this length; another length means that somebody else's hand was at it. */
    public Optional<Path> find(ContentDigest digest, long size) {
        var path = pathOf(digest);
        try {
            return Files.isRegularFile(path) && Files.size(path) == size ? Optional.of(path) : Optional.empty();
        } catch (IOException failed) {
            throw DiskTrouble.of("look at " + path, failed);
        }
    }

    /** Removes what a process that died left half-made. Only at start-up, while nobody fetches into this directory. */
    public void sweep() {
        try (var leftovers = Files.newDirectoryStream(directory, "*" + HALF_MADE)) {
            for (var leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        } catch (IOException failed) {
            throw DiskTrouble.of("sweep " + directory, failed);
        }
    }

    /** A new file for this blob, of the length it will have. DISK_FULL if that much is not free. */
    PartialBlob begin(ContentDigest digest, long size) {
        try {
            var free = Files.getFileStore(directory).getUsableSpace();
            if (free < size) {
                throw new SourceException(
                        SourceException.Reason.DISK_FULL,
                        "blob " + digest + " needs " + size + " bytes, the worker has " + free + " left");
            }
            var half = directory.resolve(digest.hex() + "-" + UUID.randomUUID() + HALF_MADE);
            return new PartialBlob(half, pathOf(digest), digest, size);
        } catch (IOException failed) {
            throw DiskTrouble.of("write blob " + digest, failed);
        }
    }
}
