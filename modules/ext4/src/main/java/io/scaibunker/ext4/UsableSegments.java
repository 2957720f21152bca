package io.scaibunker.ext4;

import io.scaibunker.ext4.SegmentStore.StoredLayer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A store as one bake sees it: without what did not do. */
final class UsableSegments {
    private final SegmentStore store;
    private final Set<String> withheld = new HashSet<>();

    UsableSegments(SegmentStore store) {
        this.store = store;
    }

    /** False if it is withheld already: the layer lies there and nowhere else. */
    boolean withhold(SegmentUnusable unusable) {
        System.getLogger(UsableSegments.class.getName()).log(Level.INFO, unusable.getMessage() + "; it is read again");
        return withheld.add(unusable.diffId());
    }

    /** Whether layers of that name, which is empty where nobody claims one, are kept at all. */
    boolean keeps(String diffId) {
        return store != SegmentStore.NONE && !diffId.isEmpty();
    }

    @Nullable
    StoredLayer find(String diffId) throws IOException {
        return withheld.contains(diffId) ? null : store.find(diffId);
    }

    void keep(Segment segment, Path image, @Nullable Path index) throws IOException {
        store.keep(segment, image, index);
    }
}
