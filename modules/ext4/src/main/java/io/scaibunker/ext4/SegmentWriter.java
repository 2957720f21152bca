package io.scaibunker.ext4;

import io.scaibunker.ext4.SegmentStore.StoredLayer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the segment of one layer: its files' blocks, one behind the other in the order of the entries, without blocks that
 * are all zeros. Where the segment starts is known when all layers below have ended; what comes before that goes to a
 * file of its own, from which {@link #fetch} gets what is still of use.
 */
final class SegmentWriter implements AutoCloseable {
    private static final int CHUNK = Pieces.BYTES;
    /** From here on zeros are written, too: so much memory for one layer's holes is enough. */
    private static final int RUNS = 1 << 20;

    private static final byte[] ZEROS = new byte[Ext4.BLOCK];

    private final Segments segments;
    private final int layer;
    private final LayerContents contents;
    private @Nullable PieceWriter out;
    private byte[] chunk = {};
    private int filled;
    private int written;
    private int spilled;
    /** Has the first blocks of the segment, from {@link #spillStart} on. */
    private @Nullable FileChannel spill;

    private long spillStart;
    private @Nullable Segment missing;
    private Pieces pieces = Pieces.of(List.of());

    SegmentWriter(Segments segments, int layer, LayerContents contents) {
        this.segments = segments;
        this.layer = layer;
        this.contents = contents;
    }

    /** Takes a file's content, all of it. */
    void write(InputStream content) throws IOException {
        var logical = 0;
        for (var ended = false; !ended; ) {
            if (filled == chunk.length) {
                flush();
            }
            var length = content.readNBytes(chunk, filled, CHUNK - filled);
            ended = length < CHUNK - filled;
            var blocks = Ext4.blocks(length);
            Arrays.fill(chunk, filled + length, filled + blocks * Ext4.BLOCK, (byte) 0);
            keep(blocks, logical);
            logical += blocks;
        }
    }

    /** Closes up those blocks behind the filled part that are not all zeros. */
    private void keep(int blocks, int firstLogical) {
        var from = filled;
        for (var index = 0; index < blocks; index++, from += Ext4.BLOCK) {
            if (contents.runs() < RUNS && Arrays.equals(chunk, from, from + Ext4.BLOCK, ZEROS, 0, Ext4.BLOCK)) {
                continue;
            }
            if (from != filled) {
                System.arraycopy(chunk, from, chunk, filled, Ext4.BLOCK);
            }
            contents.add(firstLogical + index, written + filled / Ext4.BLOCK);
            filled += Ext4.BLOCK;
        }
    }

    /** Ends the segment; all of it is written. */
    void end() throws IOException {
        if (filled > 0) {
            flush();
        }
        if (out != null) {
            pieces = out.finish();
            out.close();
        }
    }

    /** Gives the chunk away, and takes another. */
    private void flush() throws IOException {
        segments.check();
        if (out == null) {
            out = new PieceWriter();
        }
        var blocks = filled / Ext4.BLOCK;
        if (blocks > 0 && segments.takes(blocks)) {
            out.write(chunk, filled, target(blocks));
            chunk = out.take();
        } else if (chunk.length == 0) {
            chunk = out.take();
        }
        written += blocks;
        filled = 0;
    }

    private PieceWriter.Target target(int blocks) throws IOException {
        if (segments.isTurnOf(layer)) {
            var start = segments.start(layer) + written;
            return bytes -> segments.write(bytes, start);
        }
        var file = spill();
        var start = (long) written << Ext4.BLOCK_BITS;
        spilled = written + blocks;
        return bytes -> BlockStream.writeFully(file, bytes, start);
    }

    private FileChannel spill() throws IOException {
        if (spill == null) {
            spill = FileChannel.open(
                    segments.spillPath(layer),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        }
        return spill;
    }

    /** Takes the whole segment from an image that has it, as far as it is needed. */
    void adopt(StoredLayer stored) throws IOException {
        written = (int) (stored.segment().length() >> Ext4.BLOCK_BITS);
        spilled = written;
        spill = FileChannel.open(stored.image(), StandardOpenOption.READ);
        spillStart = stored.segment().offset();
        missing = stored.segment();
        pieces = missing.pieces();
        segments.takes(written);
    }

    /** Blocks of the segment. */
    int blocks() {
        return written;
    }

    /** The pieces as they were written or stored, before anything is cut out here. */
    Pieces pieces() {
        return pieces;
    }

    /** Copies into the image, out of a run of this segment's blocks, those that went to a file of their own. */
    void fetch(FileChannel image, long firstBlock, int length) throws IOException {
        var from = firstBlock - segments.start(layer);
        var end = Math.min(from + length, spilled);
        if (spill == null || from >= end) {
            return;
        }
        checkComplete(from << Ext4.BLOCK_BITS, end << Ext4.BLOCK_BITS);
        image.position(firstBlock << Ext4.BLOCK_BITS);
        var left = end - from << Ext4.BLOCK_BITS;
        for (var at = spillStart + (from << Ext4.BLOCK_BITS); left > 0; ) {
            var count = spill.transferTo(at, left, image);
            if (count <= 0) {
                throw missing == null
                        ? new IOException("a layer's file beside the image was cut")
                        : new SegmentUnusable(missing.diffId(), "its image was cut");
            }
            at += count;
            left -= count;
        }
    }

    private void checkComplete(long from, long end) throws SegmentUnusable {
        if (missing != null) {
            for (var cut : missing.cut()) {
                if (cut.offset() < end && cut.offset() + cut.length() > from) {
                    throw new SegmentUnusable(missing.diffId(), "a part that is needed was cut out");
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
        }
        if (spill != null) {
            spill.close();
            spill = null;
        }
    }
}
