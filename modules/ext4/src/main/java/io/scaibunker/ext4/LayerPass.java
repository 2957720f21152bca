package io.scaibunker.ext4;

import io.scaibunker.layers.Entry;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The one reading of a layer: contents go to its segment, entries to the merge. */
final class LayerPass implements AutoCloseable {
    private final int layer;
    private final Layer source;
    private final LayerLimits limits;
    private final Segments segments;
    private final SegmentWriter segment;
    private final LayerContents contents = new LayerContents();
    private final List<Entry> waiting = new ArrayList<>();
    private String digest = "";

    LayerPass(int layer, Layer source, LayerLimits limits, Segments segments) {
        this.layer = layer;
        this.source = source;
        this.limits = limits;
        this.segments = segments;
        this.segment = new SegmentWriter(segments, layer, contents);
    }

    void run() throws IOException {
        try (var reader = LayerReader.open(source, limits)) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                contents.begin(entry.xattrs());
                if (entry.kind() == EntryKind.FILE) {
                    segment.write(reader.content());
                }
                segments.take(this, entry);
            }
        }
        segment.end();
        digest = segment.digest();
        segments.end(this);
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

    /** Of the segment's bytes. */
    String digest() {
        return digest;
    }

    @Override
    public void close() throws IOException {
        segment.close();
    }
}
