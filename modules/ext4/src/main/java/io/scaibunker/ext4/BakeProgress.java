package io.scaibunker.ext4;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CancellationException;

/** Counts the work of one bake and asks, at each step, whether it shall go on. */
final class BakeProgress {
    /** Hashing the file is quick beside decompressing the layers, and often runs over holes. */
    private static final long HASH_SHARE = 16;

    private final WriteProgress told;
    private final long total;
    private long done;
    private long hashed;

    BakeProgress(WriteProgress told, LayerStack layers, ImageSpec spec) {
        this.told = told;
        this.total = 2 * layers.storedBytes() + (spec.sizeMib() << 20) / HASH_SHARE;
    }

    /** To be called while waiting. */
    void tick() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the bake was interrupted");
        }
        told.bytes(Math.min(done, total), total);
    }

    void hashed(long bytes) {
        hashed += bytes;
        done += hashed / HASH_SHARE;
        hashed %= HASH_SHARE;
        tick();
    }

    /** The same layer, its bytes counted as they are read. */
    Layer metered(Layer layer) {
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
                return new Metered(layer.open());
            }
        };
    }

    private final class Metered extends FilterInputStream {
        Metered(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            var one = super.read();
            done += one < 0 ? 0 : 1;
            return one;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            tick();
            var count = super.read(target, offset, length);
            done += Math.max(0, count);
            return count;
        }
    }
}
