package io.scaibunker.oci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** A blob on its way: hashed while written, never longer than promised, named only by {@link #finish}. Closing drops the rest. */
final class PartialBlob implements AutoCloseable {
    private final Path half;
    private final Path whole;
    private final ContentDigest digest;
    private final long size;
    private final FileChannel file;
    private final MessageDigest sha256 = ContentDigest.sha256();
    private long written;

    PartialBlob(Path half, Path whole, ContentDigest digest, long size) throws IOException {
        this.half = half;
        this.whole = whole;
        this.digest = digest;
        this.size = size;
        this.file = FileChannel.open(half, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    long written() {
        return written;
    }

    long missing() {
        return size - written;
    }

    /** Appends all of the buffer. CORRUPT if that is more than promised. */
    void write(ByteBuffer bytes) {
        if (bytes.remaining() > missing()) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    "blob " + digest + " is longer than the " + size + " bytes promised");
        }
        sha256.update(bytes.duplicate());
        written += bytes.remaining();
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException failed) {
            throw DiskTrouble.of("write blob " + digest, failed);
        }
    }

    /** Forgets what was written. */
    void startOver() {
        sha256.reset();
        written = 0;
        try {
            file.truncate(0);
        } catch (IOException failed) {
            throw DiskTrouble.of("write blob " + digest, failed);
        }
    }

    /** Checks length and digest, then gives the file its name. CORRUPT leaves it open, to go on or to {@link #startOver}. */
    Path finish() {
        if (missing() > 0) {
            throw SourceException.brokenOff(
                    "blob " + digest + " ended after " + written + " of the " + size + " bytes promised", null);
        }
        var actual = ContentDigest.finish(sha256);
        if (!actual.equals(digest)) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT, "blob " + digest + " has the content of " + actual);
        }
        try {
            file.force(true);
            file.close();
            Files.move(half, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            flushNames();
        } catch (IOException failed) {
            throw DiskTrouble.of("name blob " + digest, failed);
        }
        return whole;
    }

    private void flushNames() throws IOException {
        var directory = whole.toAbsolutePath().getParent();
        if (directory != null) {
            try (var names = FileChannel.open(directory, StandardOpenOption.READ)) {
                names.force(true);
            }
        }
    }

    @Override
    public void close() {
        try {
            file.close();
            Files.deleteIfExists(half);
        } catch (IOException failed) {
            throw DiskTrouble.of("drop " + half, failed);
        }
    }
}
