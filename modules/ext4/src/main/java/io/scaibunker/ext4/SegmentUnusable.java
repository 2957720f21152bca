package io.scaibunker.ext4;

import java.io.IOException;

/** A stored layer that does not do after all: the bake starts again and reads the layer itself. */
final class SegmentUnusable extends IOException {
    private static final long serialVersionUID = 1L;

    private final String diffId;

    SegmentUnusable(String diffId, String why) {
        super("stored layer " + diffId + ": " + why);
        this.diffId = diffId;
    }

    String diffId() {
        return diffId;
    }
}
