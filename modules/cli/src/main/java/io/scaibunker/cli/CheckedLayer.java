package io.scaibunker.cli;

import io.scaibunker.layers.Layer;
import io.scaibunker.oci.ContentDigest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A layer read where it lies. Its digest is checked as it is read, each time: who decompresses it reads it anyway, and a copy
 * would cost a write of everything.
 */
record CheckedLayer(String diffId, Path blob, long storedBytes, ContentDigest digest) implements Layer {
    private static final int PIECE = 256 << 10;

    @Override
    public InputStream open() throws IOException {
        return new Checked(Files.newInputStream(blob));
    }

    private final class Checked extends FilterInputStream {
        private final MessageDigest sha256 = sha256();
        private final byte[] piece = new byte[PIECE];
        private int next;
        private int end;
        private boolean ended;

        Checked(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            return available() > 0 || fill() ? piece[next++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (available() == 0 && !fill()) {
                return -1;
            }
            var count = Math.min(length, end - next);
            System.arraycopy(piece, next, target, offset, count);
            next += count;
            return count;
        }

        @Override
        public long skip(long count) throws IOException {
            var skipped = Math.clamp(count, 0, available() > 0 || fill() ? available() : 0);
            next += skipped;
            return skipped;
        }

        @Override
        public int available() {
            return end - next;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private boolean fill() throws IOException {
            if (ended) {
                return false;
            }
            next = 0;
            end = Math.max(0, in.read(piece));
            if (end == 0) {
                ended = true;
                check();
                return false;
            }
            sha256.update(piece, 0, end);
            return true;
        }

        private void check() throws IOException {
            var found = "sha256:" + HexFormat.of().formatHex(sha256.digest());
            if (!found.equals(digest.toString())) {
                throw new DamagedLayer(blob + " is " + found + " and not what its name says");
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
