package io.scaibunker.ext4;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.BitSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An image that comes in piece by piece, in any order, or is here already. The pieces of all parts of its table are counted
 * through. Each is checked before it is written, and those of zeros are here from the start, as holes. What was received survives the process:
 * opened again, the file is held against its table.
 *
 * <p>Safe for several threads.
 */
public final class PieceFile implements Closeable {
    /** Pieces kept in memory while somebody else uses the file, for those who follow closely. */
    private static final int RECENT = 32;

    /** A piece as it came last. */
    private record Kept(int piece, byte[] bytes) {}

    private final ImageTable table;
    private final FileChannel file;
    private final @Nullable DirectFile direct;
    private final long[] offsets;
    private final Pieces[] digests;
    private final int[] inPart;
    private final int[] lengths;
    private final BitSet zeros = new BitSet();
    private final BitSet here = new BitSet();
    private final @Nullable Kept[] recent = new Kept[RECENT];
    private boolean closed;
    private int users = 1;

    private PieceFile(ImageTable table, Path path, boolean writing) throws IOException {
        this.table = table;
        var count =
                table.parts().stream().mapToInt(part -> part.pieces().count()).sum();
        offsets = new long[count];
        digests = new Pieces[count];
        inPart = new int[count];
        lengths = new int[count];
        var piece = 0;
        for (var part : table.parts()) {
            for (var index = 0; index < part.pieces().count(); index++, piece++) {
                var start = (long) index * Pieces.BYTES;
                offsets[piece] = part.offset() + start;
                lengths[piece] = (int) Math.min(Pieces.BYTES, part.length() - start);
                digests[piece] = part.pieces();
                inPart[piece] = index;
                zeros.set(piece, part.pieces().isZeros(index, lengths[piece]));
            }
        }
        var options = writing
                ? Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : Set.of(StandardOpenOption.READ);
        var onlyOwner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        file = FileChannel.open(path, options, onlyOwner);
        direct = writing ? new DirectFile(path, file) : null;
    }

    /** An image that is here and was checked when it came. */
    public static PieceFile whole(ImageTable table, Path path) throws IOException {
        var pieces = new PieceFile(table, path, false);
        pieces.here.set(0, pieces.count());
        return pieces;
    }

    /** An image to be received, or the part of it that lies here from before. */
    public static PieceFile receive(ImageTable table, Path path) throws IOException {
        var begun = Files.exists(path);
        var pieces = new PieceFile(table, path, true);
        if (begun && Files.size(path) == table.sizeBytes()) {
            pieces.checkAll();
        } else {
            try (var access = new RandomAccessFile(path.toFile(), "rw")) {
                access.setLength(0);
                access.setLength(table.sizeBytes());
            }
        }
        pieces.here.or(pieces.zeros);
        return pieces;
    }

    private void checkAll() throws IOException {
        for (var piece = 0; piece < count(); piece++) {
            if (!zeros.get(piece)) {
                var bytes = fromFile(piece);
                here.set(piece, digests[piece].matches(inPart[piece], bytes, 0, bytes.length));
            }
        }
    }

    public ImageTable table() {
        return table;
    }

    /** How many pieces the image has, those of zeros among them. */
    public int count() {
        return offsets.length;
    }

    /** The first piece of a part, by its place among the table's parts. */
    public int firstOf(int part) {
        return table.parts().stream()
                .limit(part)
                .mapToInt(before -> before.pieces().count())
                .sum();
    }

    public int length(int piece) {
        return lengths[piece];
    }

    /** Bytes of all pieces that are not zeros. */
    public long bytes() {
        var sum = 0L;
        for (var piece = zeros.nextClearBit(0); piece < count(); piece = zeros.nextClearBit(piece + 1)) {
            sum += lengths[piece];
        }
        return sum;
    }

    /** The pieces that are not here. */
    public synchronized BitSet missing() {
        var missing = new BitSet();
        missing.set(0, count());
        missing.andNot(here);
        return missing;
    }

    public synchronized boolean has(int piece) {
        return here.get(piece);
    }

    /**
     * Takes a piece that was received. One that is here already is taken, too, and not written again.
     *
     * @return false if these are not its bytes
     */
    public boolean write(int piece, byte[] bytes) throws IOException {
        if (piece < 0
                || piece >= count()
                || bytes.length != lengths[piece]
                || !digests[piece].matches(inPart[piece], bytes, 0, bytes.length)) {
            return false;
        }
        if (!has(piece)) {
            Objects.requireNonNull(direct, "opened for reading").write(ByteBuffer.wrap(bytes), offsets[piece]);
            synchronized (this) {
                recent[piece % RECENT] = users > 1 ? new Kept(piece, bytes) : null;
                here.set(piece);
                notifyAll();
            }
        }
        return true;
    }

    /**
     * A piece's bytes; waits until it is here.
     *
     * @param millis how long it is waited for at most
     * @throws IOException when it did not come, or the file was closed
     */
    public byte[] read(int piece, long millis) throws IOException, InterruptedException {
        synchronized (this) {
            var until = System.nanoTime() + millis * 1_000_000;
            for (var left = millis; !here.get(piece); left = (until - System.nanoTime()) / 1_000_000) {
                if (closed || left <= 0) {
                    throw new IOException("piece " + piece + " has not come");
                }
                wait(left);
            }
            var kept = recent[piece % RECENT];
            if (kept != null && kept.piece() == piece) {
                return kept.bytes();
            }
        }
        return fromFile(piece);
    }

    private byte[] fromFile(int piece) throws IOException {
        var buffer = ByteBuffer.allocate(lengths[piece]);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, offsets[piece] + buffer.position()) < 0) {
                throw new IOException("the image was cut");
            }
        }
        return buffer.array();
    }

    /** Brings to disk what was received. */
    public void force() throws IOException {
        file.force(true);
    }

    /**
     * For another user, who {@link #release}s it; it stays open until the last one does. False when that has happened.
     */
    public synchronized boolean retain() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    /** Nothing more comes in: whoever waits for a piece that is not here waits no longer. */
    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        release();
    }

    /** Ends one use. */
    public void release() throws IOException {
        synchronized (this) {
            if (--users > 0) {
                return;
            }
        }
        if (direct != null) {
            direct.close();
        }
        file.close();
    }
}
