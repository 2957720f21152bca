package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Knows which layers lie in images on this host, so that a bake need not decompress them again. Only what was verified gets
 * here: a layer's bytes against its {@code diff_id}, in a bake that came to its end. For several bakes at once.
 */
public interface SegmentStore {
    /** Knows nothing and keeps nothing. */
    SegmentStore NONE = new SegmentStore() {
        @Override
        public @Nullable StoredLayer find(String diffId) {
            return null;
        }

        @Override
        public void keep(Segment segment, Path image, @Nullable Path index) {}
    };

    /**
     * A layer in an image on this host.
     *
     * @param segment where it lies in the image; parts may be cut out
     * @param image a file from {@link NativeWriter}, never written to since
     * @param index the layer's entries, a file made by a bake
     */
    record StoredLayer(Segment segment, Path image, Path index) {}

    /** The layer of that {@code diff_id}, or null. */
    @Nullable
    StoredLayer find(String diffId) throws IOException;

    /**
     * Takes note of a layer in a new image.
     *
     * @param index the layer's entries, to be moved away; null where they came from here
     */
    void keep(Segment segment, Path image, @Nullable Path index) throws IOException;
}
