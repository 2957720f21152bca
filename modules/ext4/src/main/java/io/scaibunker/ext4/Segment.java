package io.scaibunker.ext4;

import java.util.List;

/**
 * One layer's file data inside an image: an unbroken range of blocks, whose bytes depend on the layer alone. Files that
 * upper layers hide, and duplicates within the layer, are cut out of this image: they are zeros here.
 *
 * @param diffId what the layer claims to be, or empty where nobody claims anything; it was verified
 * @param offset first byte in the image, a multiple of 4096; after the segment below
 * @param length bytes, a multiple of 4096; may be 0
 * @param digest SHA-256 of the bytes as this image has them, zeros where something is cut out, as {@code sha256:…}
 * @param cut what this image lacks, in ascending order
 */
public record Segment(String diffId, long offset, long length, String digest, List<Cut> cut) {
    /**
     * A part of a segment that is not in this image.
     *
     * @param offset from the segment's start, a multiple of 4096
     * @param length bytes, a multiple of 4096
     */
    public record Cut(long offset, long length) {}

    public Segment {
        cut = List.copyOf(cut);
    }

    Segment withDigest(String found) {
        return new Segment(diffId, offset, length, found, cut);
    }

    /** Whether all of the segment's bytes are in this image. */
    public boolean isWhole() {
        return cut.isEmpty();
    }
}
