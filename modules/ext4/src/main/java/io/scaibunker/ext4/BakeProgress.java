package io.scaibunker.ext4;

import io.scaibunker.layers.Layer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the work of one bake and asks, at each step, whether it shall go on. Several threads may count; {@link #tick} is
 * for the bake's own.
 */
final class BakeProgress {
    private final WriteProgress told;
    private final long total;
    private final AtomicLong done = new AtomicLong();

    /** @param stored bytes of layers that will be read, counted as often as they are */
    BakeProgress(WriteProgress told, long stored) {
        this.told = told;
        this.total = stored;
    }

    /** To be called while waiting. */
    void tick() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the bake was interrupted");
        }
        told.bytes(Math.min(done.get(), total), total);
    }

    /** Work that need not be done. */
    void done(long bytes) {
        done.addAndGet(bytes);
    }

    /** The same layer, its bytes counted as they are read; {@code beforeEach} runs before each reading. */
    Layer metered(Layer layer, Runnable beforeEach) {
        return new Layer() {
            @Override
            public String diffId() {
                return layer.diffId();
            }

            @Override
            public long storedBytes() {
                return layer.storedBytes();
            }

            @Override
            public InputStream open() throws IOException {
                return new Metered(layer.open(), beforeEach);
            }
        };
    }

    private final class Metered extends FilterInputStream {
        private final Runnable beforeEach;

        Metered(InputStream in, Runnable beforeEach) {
            super(in);
            this.beforeEach = beforeEach;
        }

        @Override
        public int read() throws IOException {
            var one = super.read();
            done.addAndGet(one < 0 ? 0 : 1);
            return one;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            beforeEach.run();
            var count = super.read(target, offset, length);
            done.addAndGet(Math.max(0, count));
            return count;
        }
    }
}
