package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Hashes and writes pieces in threads of its own, beside the one that fills them. These threads are never interrupted: an
 * interruption would close the file under them.
 */
final class PieceWriter implements AutoCloseable {
    private static final int PIECES = 8;
    /** One hashes while the other waits for the disk. */
    private static final int THREADS = 2;

    /** Where a piece goes. */
    @FunctionalInterface
    interface Target {
        void write(ByteBuffer piece) throws IOException;
    }

    private final BlockingQueue<byte[]> empty = new ArrayBlockingQueue<>(PIECES);
    private final List<Future<byte[]>> written = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(
            THREADS, Thread.ofPlatform().name("bake-write-", 0).daemon().factory());
    private volatile boolean failed;

    PieceWriter() {
        for (var piece = 0; piece < PIECES; piece++) {
            empty.add(new byte[Pieces.BYTES]);
        }
    }

    /** Room for a piece; waits until there is some. */
    byte[] take() {
        try {
            return empty.take();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }

    /**
     * The next piece, in room that was taken here and is not the caller's any more.
     *
     * @throws IOException an earlier piece could not be written
     */
    void write(byte[] piece, int length, Target target) throws IOException {
        if (failed) {
            finish();
        }
        written.add(threads.submit(() -> {
            try {
                var digest = Sha256.start();
                digest.update(piece, 0, length);
                target.write(ByteBuffer.wrap(piece, 0, length));
                return digest.digest();
            } catch (IOException | RuntimeException problem) {
                failed = true;
                throw problem;
            } finally {
                empty.add(piece);
            }
        }));
    }

    /** Waits until all is written. */
    Pieces finish() throws IOException {
        try {
            var digests = new ArrayList<byte[]>(written.size());
            for (var piece : written) {
                digests.add(piece.get());
            }
            return Pieces.of(digests);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } catch (ExecutionException failure) {
            switch (Objects.requireNonNull(failure.getCause())) {
                case IOException problem -> throw problem;
                case RuntimeException problem -> throw problem;
                case Error problem -> throw problem;
                default -> throw new IllegalStateException(failure);
            }
        }
    }

    /** Waits for the threads, for the files that they write to are about to go. */
    @Override
    public void close() {
        threads.shutdown();
        PassRunner.await(threads);
    }
}
