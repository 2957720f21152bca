package io.scaibunker.layers;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream in a thread of its own, a few pieces of 256 KiB ahead, so that decompression and what is done with its
 * result run side by side. Its failures are thrown where the reading has got to.
 */
final class ReadAhead extends InputStream {
    private static final int PIECE = 256 << 10;
    private static final int PIECES = 4;

    /** One piece; without bytes it is the end, or what went wrong. */
    private record Piece(byte[] bytes, int length, @Nullable Throwable failure) {}

    private final InputStream source;
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECES + 1);
    private final BlockingQueue<byte[]> empty = new ArrayBlockingQueue<>(PIECES + 1);
    private final Thread reader;
    private Piece here = new Piece(new byte[0], 0, null);
    private int position;
    private boolean ended;

    ReadAhead(InputStream source) {
        this.source = source;
        for (var piece = 0; piece < PIECES; piece++) {
            empty.add(new byte[PIECE]);
        }
        this.reader = Thread.ofPlatform().name("bake-ahead").daemon().start(this::readAll);
    }

    private void readAll() {
        try {
            for (var length = 1; length > 0; ) {
                var bytes = empty.take();
                length = source.readNBytes(bytes, 0, bytes.length);
                full.put(new Piece(bytes, length, null));
            }
        } catch (InterruptedException closed) {
            // Nobody reads any more.
        } catch (Throwable failure) {
            full.add(new Piece(new byte[0], 0, failure));
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (position == here.length() && !next()) {
            return -1;
        }
        var count = Math.min(length, here.length() - position);
        System.arraycopy(here.bytes(), position, target, offset, count);
        position += count;
        return count;
    }

    private boolean next() throws IOException {
        if (ended) {
            return false;
        }
        try {
            if (here.bytes().length > 0) {
                empty.put(here.bytes());
            }
            here = full.take();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        position = 0;
        ended = here.length() == 0;
        return switch (here.failure()) {
            case null -> !ended;
            case IOException problem -> throw problem;
            case RuntimeException problem -> throw problem;
            case Error problem -> throw problem;
            default -> throw new IllegalStateException(here.failure());
        };
    }

    /** Ends the thread before it closes what the thread reads. */
    @Override
    public void close() throws IOException {
        reader.interrupt();
        var interrupted = false;
        for (var alive = true; alive; ) {
            try {
                reader.join();
                alive = false;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        source.close();
    }
}
