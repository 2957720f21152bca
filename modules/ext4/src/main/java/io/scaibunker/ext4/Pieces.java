package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The SHA-256 of each piece of {@value #BYTES} bytes of a part of an image, the last one being shorter. A piece is what can be
 * checked by itself: it is hashed when it is written, and when it comes from another host.
 */
public final class Pieces {
    /** Bytes of a piece. */
    public static final int BYTES = 256 << 10;

    /** Bytes of a digest. */
    static final int DIGEST = 32;

    private static final byte[] ZEROS = new byte[BYTES];
    private static final byte[] OF_ZEROS = Sha256.of(ZEROS);

    private final byte[] digests;

    private Pieces(byte[] digests) {
        this.digests = digests;
    }

    /** @param digests of 32 bytes each, in the order of the pieces */
    public static Pieces of(List<byte[]> digests) {
        var all = new byte[digests.size() * DIGEST];
        for (var piece = 0; piece < digests.size(); piece++) {
            System.arraycopy(digests.get(piece), 0, all, piece * DIGEST, DIGEST);
        }
        return new Pieces(all);
    }

    /**
     * @param digests one behind the other, 32 bytes each
     * @throws IllegalArgumentException when they are not
     */
    public static Pieces ofBytes(byte[] digests) {
        if (digests.length % DIGEST != 0) {
            throw new IllegalArgumentException(digests.length + " bytes of digests");
        }
        return new Pieces(digests.clone());
    }

    /** How many pieces so many bytes have. */
    public static int count(long bytes) {
        return Math.toIntExact((bytes + BYTES - 1) / BYTES);
    }

    /** Whether there is a digest for each piece of so many bytes. */
    boolean cover(long bytes) {
        return count() == count(bytes);
    }

    public int count() {
        return digests.length / DIGEST;
    }

    /** The digest of one piece. */
    public byte[] digest(int piece) {
        return Arrays.copyOfRange(digests, piece * DIGEST, (piece + 1) * DIGEST);
    }

    /** Whether a piece has these bytes. */
    public boolean matches(int piece, byte[] bytes, int offset, int length) {
        var digest = Sha256.start();
        digest.update(bytes, offset, length);
        return Arrays.equals(digest(piece), digest.digest());
    }

    /** The digests, one behind the other. */
    public byte[] bytes() {
        return digests.clone();
    }

    /** SHA-256 of the digests, as {@code sha256:…}: it stands for the part as a whole. */
    public String root() {
        return "sha256:" + HexFormat.of().formatHex(Sha256.of(digests));
    }

    /** Says whether there may be anything but zeros in some bytes of a file. */
    @FunctionalInterface
    interface Occupied {
        boolean any(long from, long to);
    }

    /** The pieces of a part of a file. What is not occupied is not read. */
    static Pieces read(FileChannel file, long offset, long length, Occupied occupied) throws IOException {
        var found = new byte[count(length) * DIGEST];
        var buffer = ByteBuffer.allocate(BYTES);
        for (var piece = 0; piece * (long) DIGEST < found.length; piece++) {
            var start = (long) piece * BYTES;
            var size = (int) Math.min(BYTES, length - start);
            var digest = occupied.any(offset + start, offset + start + size)
                    ? read(file, offset + start, size, buffer)
                    : ofZeros(size);
            System.arraycopy(digest, 0, found, piece * DIGEST, DIGEST);
        }
        return new Pieces(found);
    }

    /** The same pieces but for some, which are read again. */
    Pieces withRead(IntStream again, FileChannel file, long offset, long length) throws IOException {
        var changed = digests.clone();
        var buffer = ByteBuffer.allocate(BYTES);
        for (var piece : again.toArray()) {
            var start = (long) piece * BYTES;
            var digest = read(file, offset + start, (int) Math.min(BYTES, length - start), buffer);
            System.arraycopy(digest, 0, changed, piece * DIGEST, DIGEST);
        }
        return new Pieces(changed);
    }

    private static byte[] read(FileChannel file, long offset, int size, ByteBuffer buffer) throws IOException {
        buffer.clear().limit(size);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, offset + buffer.position()) < 0) {
                throw new IOException("the image was cut");
            }
        }
        var digest = Sha256.start();
        digest.update(buffer.array(), 0, size);
        return digest.digest();
    }

    private static byte[] ofZeros(int size) {
        return size == BYTES ? OF_ZEROS : Sha256.of(Arrays.copyOf(ZEROS, size));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Pieces pieces && Arrays.equals(digests, pieces.digests);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(digests);
    }

    @Override
    public String toString() {
        return count() + " pieces, " + root();
    }
}
