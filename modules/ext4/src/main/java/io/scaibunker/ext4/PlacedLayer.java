package io.scaibunker.ext4;

import io.scaibunker.ext4.SegmentStore.StoredLayer;
import io.scaibunker.layers.Layer;
import java.io.IOException;
import java.io.InputStream;

/** A layer whose files' data lie in an image on this host: there is nothing to read but its entries. See {@link ImageLayers}. */
record PlacedLayer(StoredLayer stored) implements Layer {
    @Override
    public String diffId() {
        return stored.segment().diffId();
    }

    @Override
    public long storedBytes() {
        return 0;
    }

    @Override
    public InputStream open() throws IOException {
        throw new IOException("this layer lies in " + stored.image() + " alone");
    }
}
