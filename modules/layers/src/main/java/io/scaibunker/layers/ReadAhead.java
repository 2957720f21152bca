package io.scaibunker.layers;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream in a thread of its own, some pieces of 256 KiB ahead, and hashes them in another, so that the source, the
 * digest, and what is done with the bytes run side by side. Failures are thrown where the reading has got to.
 *
 * <p>Not for several threads. What is not read to its end is to be closed.
 */
public final class ReadAhead extends InputStream {
    private static final int PIECE = 256 << 10;
    private static final int PIECES = 8;
    /** Those who look at each piece: the reader and the digest. */
    private static final int LOOKERS = 2;

    /** A part of the stream, used again when all have looked at it. Without bytes it is the end, or what went wrong. */
    private static final class Piece {
        private final byte[] bytes;
        private final AtomicInteger lookers = new AtomicInteger();
        private int length;
        private @Nullable Throwable failure;

        private Piece(int size) {
            bytes = new byte[size];
        }

        static Piece ofFailure(Throwable failure) {
            var piece = new Piece(0);
            piece.failure = failure;
            return piece;
        }
    }

    private final InputStream source;
    private final MessageDigest digest;
    // The end, and a failure behind it, find room beside all pieces.
    private final BlockingQueue<Piece> toRead = new ArrayBlockingQueue<>(PIECES + 2);
    private final BlockingQueue<Piece> toHash = new ArrayBlockingQueue<>(PIECES + 2);
    private final BlockingQueue<Piece> empty = new ArrayBlockingQueue<>(PIECES + 2);
    private final Thread reader;
    private final Thread hasher;
    private Piece here = new Piece(0);
    private int position;
    private boolean ended;

    /** @param digest takes all bytes; to be asked after {@link #hashed} */
    public ReadAhead(InputStream source, MessageDigest digest) {
        this.source = source;
        this.digest = digest;
        for (var piece = 0; piece < PIECES; piece++) {
            empty.add(new Piece(PIECE));
        }
        this.reader = Thread.ofPlatform().name("bake-ahead").daemon().start(this::readAll);
        this.hasher = Thread.ofPlatform().name("bake-digest").daemon().start(this::hashAll);
    }

    private void readAll() {
        try {
            for (var length = 1; length > 0; ) {
                var piece = empty.take();
                length = source.readNBytes(piece.bytes, 0, PIECE);
                piece.length = length;
                piece.lookers.set(LOOKERS);
                toHash.put(piece);
                toRead.put(piece);
            }
        } catch (InterruptedException closed) {
            // Nobody reads any more.
        } catch (Throwable failure) {
            var last = Piece.ofFailure(failure);
            toHash.add(last);
            toRead.add(last);
        }
    }

    private void hashAll() {
        try {
            for (var piece = toHash.take(); piece.length > 0; piece = toHash.take()) {
                digest.update(piece.bytes, 0, piece.length);
                looked(piece);
            }
        } catch (InterruptedException closed) {
            // Nobody asks any more.
        }
    }

    private void looked(Piece piece) {
        if (piece.lookers.decrementAndGet() == 0) {
            empty.add(piece);
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
        if (position == here.length && !next()) {
            return -1;
        }
        var count = Math.min(length, here.length - position);
        System.arraycopy(here.bytes, position, target, offset, count);
        position += count;
        return count;
    }

    private boolean next() throws IOException {
        if (ended) {
            return false;
        }
        if (here.length > 0) {
            looked(here);
        }
        try {
            here = toRead.take();
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
        position = 0;
        ended = here.length == 0;
        return switch (here.failure) {
            case null -> !ended;
            case IOException problem -> throw problem;
            case RuntimeException problem -> throw problem;
            case Error problem -> throw problem;
            default -> throw new IllegalStateException(here.failure);
        };
    }

    /** Waits, at the stream's end, until the digest has taken all of it. */
    public void hashed() throws InterruptedIOException {
        try {
            hasher.join();
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }

    /** Ends the threads before it closes what the first one reads. */
    @Override
    public void close() throws IOException {
        reader.interrupt();
        hasher.interrupt();
        var interrupted = false;
        while (reader.isAlive() || hasher.isAlive()) {
            try {
                reader.join();
                hasher.join();
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
