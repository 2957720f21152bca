package io.scaibunker.cli;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.ReadAhead;
import io.scaibunker.oci.ContentDigest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A layer read where it lies, or will lie. Its digest is checked as it is read, each time: who decompresses it reads it anyway,
 * and a copy would cost a write of everything.
 */
record CheckedLayer(String diffId, CompletableFuture<Path> blob, long storedBytes, ContentDigest digest)
        implements Layer {
    /** Waits until the layer is here. */
    @Override
    public InputStream open() throws IOException {
        var file = await();
        var digest = sha256();
        return new Checked(file, new ReadAhead(Files.newInputStream(file), digest), digest);
    }

    private Path await() throws IOException {
        try {
            return blob.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + digest + " was fetched");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException problem) {
                throw problem;
            }
            if (failed.getCause() instanceof RuntimeException problem) {
                throw problem;
            }
            throw new IllegalStateException(failed);
        }
    }

    private final class Checked extends FilterInputStream {
        private final Path file;
        private final ReadAhead bytes;
        private final MessageDigest sha256;
        private boolean ended;

        Checked(Path file, ReadAhead bytes, MessageDigest sha256) {
            super(bytes);
            this.file = file;
            this.bytes = bytes;
            this.sha256 = sha256;
        }

        @Override
        public int read() throws IOException {
            var one = super.read();
            checkAt(one);
            return one;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            var count = super.read(target, offset, length);
            checkAt(count);
            return count;
        }

        /** Only what was read is hashed. */
        @Override
        public long skip(long count) throws IOException {
            return readNBytes(Math.clamp(count, 0, 1 << 20)).length;
        }

        private void checkAt(int outcome) throws IOException {
            if (outcome < 0 && !ended) {
                ended = true;
                bytes.hashed();
                var found = "sha256:" + HexFormat.of().formatHex(sha256.digest());
                if (!found.equals(digest.toString())) {
                    throw new DamagedLayer(file + " is " + found + " and not what its name says");
                }
            }
        }
    }

    /** The bytes are not those of the digest. */
    static final class DamagedLayer extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedLayer(String message) {
            super(message);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
