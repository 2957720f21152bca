package io.scaibunker.ext4;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * One layer's file data inside an image: an unbroken range of blocks, whose bytes depend on the layer alone. Files that
 * upper layers hide, and duplicates within the layer, are cut out of this image: they are zeros here.
 *
 * @param diffId what the layer claims to be, or empty where nobody claims anything; it was verified
 * @param offset first byte in the image, a multiple of 4096; after the segment below
 * @param length bytes, a multiple of 4096; may be 0
 * @param pieces digests of the bytes as this image has them, zeros where something is cut out
 * @param cut what this image lacks, in ascending order
 */
public record Segment(String diffId, long offset, long length, Pieces pieces, List<Cut> cut) {
    /**
     * A part of a segment that is not in this image.
     *
     * @param offset from the segment's start, a multiple of 4096
     * @param length bytes, a multiple of 4096
     */
    public record Cut(long offset, long length) {
        /** The pieces, of so many, that lack different bytes by two accounts. */
        static IntStream differing(List<Cut> one, List<Cut> other, int pieces) {
            var onesPieces = byPiece(one);
            var othersPieces = byPiece(other);
            return IntStream.range(0, pieces)
                    .filter(piece -> !Objects.equals(onesPieces.get(piece), othersPieces.get(piece)));
        }

        private static Map<Integer, List<Cut>> byPiece(List<Cut> cuts) {
            var result = new HashMap<Integer, List<Cut>>();
            for (var cut : cuts) {
                var end = cut.offset + cut.length;
                for (var from = cut.offset; from < end; ) {
                    var to = Math.min(end, (from / Pieces.BYTES + 1) * Pieces.BYTES);
                    result.computeIfAbsent((int) (from / Pieces.BYTES), _ -> new ArrayList<>())
                            .add(new Cut(from, to - from));
                    from = to;
                }
            }
            return result;
        }
    }

    public Segment {
        cut = List.copyOf(cut);
        if (!pieces.cover(length)) {
            throw new IllegalArgumentException(pieces.count() + " pieces for " + length + " bytes");
        }
    }

    /** Stands for all of the segment's bytes, as {@code sha256:…}: {@link Pieces#root()}. */
    public String digest() {
        return pieces.root();
    }

    /** Whether all of the segment's bytes are in this image. */
    public boolean isWhole() {
        return cut.isEmpty();
    }
}
