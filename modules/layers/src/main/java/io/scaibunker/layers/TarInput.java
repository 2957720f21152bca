package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.io.IOException;
import java.io.InputStream;

/** A tar's bytes, counted against the limit; an early end is told with the place where it happened. */
final class TarInput {
    static final int BLOCK = 512;

    private final InputStream source;
    private final long limit;
    private final byte[] skipped = new byte[64 << 10];
    private long position;
    private String place = "before the first entry";

    TarInput(InputStream source, long limit) {
        this.source = source;
        this.limit = limit;
    }

    /** What messages say about where in the tar reading is. */
    void at(String newPlace) {
        place = newPlace;
    }

    String place() {
        return place;
    }

    /** Bytes read so far. */
    long position() {
        return position;
    }

    /** Fills the block; false if the tar ends right here. */
    boolean readBlock(byte[] block) throws IOException {
        var length = 0;
        while (length < BLOCK) {
            var count = readSome(block, length, BLOCK - length);
            if (count < 0) {
                if (length == 0) {
                    return false;
                }
                throw endsEarly();
            }
            length += count;
        }
        return true;
    }

    /** At least one byte. */
    int read(byte[] target, int offset, int length) throws IOException {
        var count = readSome(target, offset, length);
        if (count < 0) {
            throw endsEarly();
        }
        return count;
    }

    /** Reads {@code size} bytes and the padding behind them, which fills the last block. */
    byte[] readPadded(int size) throws IOException {
        var result = new byte[size];
        for (var length = 0; length < size; ) {
            length += read(result, length, size - length);
        }
        skip(padding(size));
        return result;
    }

    static long padding(long size) {
        return -size & (BLOCK - 1);
    }

    void skip(long count) throws IOException {
        for (var left = count; left > 0; ) {
            left -= read(skipped, 0, (int) Math.min(left, skipped.length));
        }
    }

    /** Reads up to the end of the source, so that its checksums and digest are complete. */
    void drain() throws IOException {
        while (readSome(skipped, 0, skipped.length) >= 0) {
            continue;
        }
    }

    private int readSome(byte[] target, int offset, int length) throws IOException {
        var count = source.read(target, offset, length);
        if (count > 0) {
            position += count;
            if (position > limit) {
                throw new LayerException(Reason.TOO_LARGE, "layer has more than " + limit + " bytes, " + place);
            }
        }
        return count;
    }

    private LayerException endsEarly() {
        return new LayerException(Reason.CORRUPT, "layer ends early, " + place);
    }
}
