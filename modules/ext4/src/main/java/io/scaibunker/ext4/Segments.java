package io.scaibunker.ext4;

import io.scaibunker.layers.Entry;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerException.Reason;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerMerge;
import io.scaibunker.layers.MergedTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where the passes over the layers meet. They run side by side, but there is one that has its turn, that of the lowest
 * layer which has not ended: its entries go straight into the merge and its blocks straight to their place. The others
 * keep their entries until it is their turn, or wait where that would take too much memory. So the outcome is the same
 * however many run at once.
 */
final class Segments {
    /** Memory for entries that wait for their turn, and for extended attributes; some hundred thousand entries. */
    private static final long KEPT = 64L << 20;

    private final DirectFile image;
    private final Path spillDirectory;
    private final LayerLimits limits;
    private final long room;
    private final LayerMerge merge;
    private final long[] starts;
    private final LayerPass[] ended;
    private final AtomicLong blocks = new AtomicLong();
    private final AtomicLong entries = new AtomicLong();
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong attributeBytes = new AtomicLong();
    private volatile int turn;
    private volatile boolean stopped;

    /** @param room blocks that all segments together may take */
    Segments(DirectFile image, Path spillDirectory, LayerLimits limits, int layers, long firstBlock, long room) {
        this.image = image;
        this.spillDirectory = spillDirectory;
        this.limits = limits;
        this.room = room;
        this.merge = new LayerMerge(limits);
        this.starts = new long[layers + 1];
        this.starts[0] = firstBlock;
        this.ended = new LayerPass[layers];
        if (layers > 0) {
            merge.beginLayer();
        }
    }

    /** Ends all passes at their next step. */
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    /** @throws CancellationException after {@link #stop} */
    void check() {
        if (stopped) {
            throw new CancellationException("the bake was stopped");
        }
    }

    boolean isTurnOf(int layer) {
        return turn == layer;
    }

    /** The layer's first block; known from its turn on. The end of the last one comes behind all layers. */
    long start(int layer) {
        return starts[layer];
    }

    Path spillPath(int layer) {
        return spillDirectory.resolve("layer-" + layer);
    }

    Path indexPath(int layer) {
        return spillDirectory.resolve("index-" + layer);
    }

    void write(ByteBuffer bytes, long block) throws IOException {
        image.write(bytes, block << Ext4.BLOCK_BITS);
    }

    /** Counts blocks; false once they are too many, and from then on they are only counted. */
    boolean takes(int count) {
        return blocks.addAndGet(count) <= room;
    }

    boolean isTooMuch() {
        return blocks.get() > room;
    }

    /** An entry of a layer that is being passed. */
    void take(LayerPass pass, Entry entry) throws LayerException {
        check();
        if (entries.incrementAndGet() > limits.entries()) {
            throw new LayerException(Reason.TOO_LARGE, "image has more than " + limits.entries() + " entries");
        }
        for (var attribute : entry.xattrs().entrySet()) {
            if (attributeBytes.addAndGet(attribute.getKey().length() + attribute.getValue().length) > KEPT) {
                throw new LayerException(Reason.TOO_LARGE, "extended attributes of more than 64 MiB in all");
            }
        }
        if (!isTurnOf(pass.layer())) {
            var weight = 200L + entry.path().length() + entry.linkTarget().length;
            if (kept.addAndGet(weight) <= KEPT) {
                pass.waiting().add(entry);
                return;
            }
            kept.addAndGet(-weight);
            awaitTurn(pass.layer());
        }
        absorb(pass.waiting());
        merge.add(entry);
    }

    private void absorb(List<Entry> waiting) throws LayerException {
        for (var entry : waiting) {
            merge.add(entry);
            kept.addAndGet(-200L - entry.path().length() - entry.linkTarget().length);
        }
        waiting.clear();
    }

    private synchronized void awaitTurn(int layer) {
        try {
            while (!isTurnOf(layer)) {
                check();
                wait();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }

    /** The pass has come to its layer's end. If it had its turn, that goes to the next layer which has not ended. */
    synchronized void end(LayerPass pass) throws LayerException {
        ended[pass.layer()] = pass;
        while (turn < ended.length && ended[turn] != null) {
            absorb(ended[turn].waiting());
            starts[turn + 1] = starts[turn] + ended[turn].segment().blocks();
            if (turn + 1 < ended.length) {
                merge.beginLayer();
            }
            turn++;
        }
        notifyAll();
    }

    /** The tree of all layers, when all have ended. */
    MergedTree finish() {
        return merge.finish();
    }
}
