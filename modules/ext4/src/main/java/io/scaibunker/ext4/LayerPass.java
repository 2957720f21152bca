package io.scaibunker.ext4;

import io.scaibunker.ext4.SegmentStore.StoredLayer;
import io.scaibunker.layers.Entry;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one reading of a layer: contents go to its segment, entries to the merge, and both to the layer's index. Where the
 * layer is stored on this host, its index is read in its place, and blocks come from the image that has them.
 */
final class LayerPass implements AutoCloseable {
    private final int layer;
    private final Layer source;
    private final LayerLimits limits;
    private final Segments segments;
    private final @Nullable StoredLayer stored;
    private final boolean indexed;
    private final SegmentWriter segment;
    private final LayerContents contents = new LayerContents();
    private final List<Entry> waiting = new ArrayList<>();

    /**
     * @param stored the same layer on this host, or null
     * @param indexed whether an index is wanted
     */
    LayerPass(
            int layer,
            Layer source,
            LayerLimits limits,
            Segments segments,
            @Nullable StoredLayer stored,
            boolean indexed) {
        this.layer = layer;
        this.source = source;
        this.limits = limits;
        this.segments = segments;
        this.stored = stored;
        this.indexed = indexed && stored == null;
        this.segment = new SegmentWriter(segments, layer, contents);
    }

    void run() throws IOException {
        if (stored == null) {
            read();
        } else {
            replay(stored);
        }
        segments.end(this);
    }

    private void read() throws IOException {
        try (var index = indexed ? new LayerIndex.Writer(segments.indexPath(layer)) : null;
                var reader = LayerReader.openAhead(source, limits)) {
            var ordinal = 0;
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                contents.begin(entry.xattrs());
                if (entry.kind() == EntryKind.FILE) {
                    segment.write(reader.content());
                }
                if (index != null) {
                    index.add(entry, contents.extents(ordinal++, 0));
                }
                segments.take(this, entry);
            }
            if (index != null) {
                index.end();
            }
        }
        segment.end();
    }

    private void replay(StoredLayer found) throws IOException {
        try {
            LayerIndex.read(found.index(), contents, entry -> segments.take(this, entry));
            segment.adopt(found);
        } catch (LayerException | SegmentUnusable problem) {
            throw problem;
        } catch (IOException broken) {
            segments.check();
            throw new SegmentUnusable(source.diffId(), broken.toString());
        }
    }

    /** Whether it came from another image here, and was not read. */
    boolean isStored() {
        return stored != null;
    }

    int layer() {
        return layer;
    }

    SegmentWriter segment() {
        return segment;
    }

    LayerContents contents() {
        return contents;
    }

    /** Entries whose turn has not come. */
    List<Entry> waiting() {
        return waiting;
    }

    /**
     * The segment's pieces as they are in the image.
     *
     * @param cut what this image lacks of the segment
     */
    Pieces pieces(FileChannel image, long offset, List<Segment.Cut> cut) throws IOException {
        var written = segment.pieces();
        var lacked = stored == null ? List.<Segment.Cut>of() : stored.segment().cut();
        var length = (long) segment.blocks() << Ext4.BLOCK_BITS;
        return written.withRead(Segment.Cut.differing(lacked, cut, written.count()), image, offset, length);
    }

    /** The index that this reading has made, or null. */
    @Nullable
    Path index() {
        return indexed ? segments.indexPath(layer) : null;
    }

    @Override
    public void close() throws IOException {
        segment.close();
    }
}
