package io.scaibunker.ext4;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * What an image consists of, and so what its digest stands for: its parts, which lie one behind the other and fill the
 * file, each with the digests of its pieces. Two files have equal tables if and only if they have equal bytes and equal
 * layers.
 *
 * <p>The digest is that of a text, which anybody can write down who has the file and the segments' places:
 *
 * <pre>
 *   scaibunker image 1
 *   size 4294967296
 *   part 0 266240 - sha256:…                            all before the segments
 *   part 266240 109883392 sha256:… sha256:…             a segment: offset, length, diff_id, Pieces.root()
 *   cut 4096 20480                                      what it lacks here, from its start
 *   part … … - sha256:…                                 all behind the segments
 * </pre>
 *
 * @param sizeBytes of the file
 * @param headBytes of what lies before the segments: the whole file from a writer that does not lay out by layers
 * @param head what lies there
 * @param segments each layer's data, lowest layer first
 * @param tail all behind the last segment
 */
public record ImageTable(long sizeBytes, long headBytes, Pieces head, List<Segment> segments, Pieces tail) {
    /** @throws IllegalArgumentException when the parts do not fill the file */
    public ImageTable {
        segments = List.copyOf(segments);
        var end = headBytes;
        require(headBytes >= 0 && head.cover(end), "head");
        for (var segment : segments) {
            require(segment.offset() == end && segment.length() >= 0, "segment at " + segment.offset());
            end += segment.length();
        }
        require(end <= sizeBytes && tail.cover(sizeBytes - end), "tail");
    }

    private static void require(boolean fits, String part) {
        if (!fits) {
            throw new IllegalArgumentException("the table's " + part + " does not fit");
        }
    }

    /**
     * A part of the file.
     *
     * @param offset bytes from the file's start
     * @param length bytes
     */
    public record Part(long offset, long length, Pieces pieces) {}

    /** The parts in their order: head, segments, tail. */
    public List<Part> parts() {
        var parts = new ArrayList<Part>();
        var end = headBytes;
        parts.add(new Part(0, headBytes, head));
        for (var segment : segments) {
            parts.add(new Part(segment.offset(), segment.length(), segment.pieces()));
            end += segment.length();
        }
        parts.add(new Part(end, sizeBytes - end, tail));
        return parts;
    }

    /** What the image is called by everywhere: SHA-256 of {@link #text()}, as {@code sha256:…}. */
    public String digest() {
        return "sha256:" + HexFormat.of().formatHex(Sha256.of(text().getBytes(StandardCharsets.US_ASCII)));
    }

    /** The text that {@link #digest()} is the digest of. */
    public String text() {
        var text =
                new StringBuilder("scaibunker image 1\nsize ").append(sizeBytes).append('\n');
        var parts = parts();
        for (var index = 0; index < parts.size(); index++) {
            var part = parts.get(index);
            var isSegment = index > 0 && index <= segments.size();
            var diffId = isSegment ? segments.get(index - 1).diffId() : "";
            text.append(String.format(
                    Locale.ROOT,
                    "part %d %d %s %s\n",
                    part.offset(),
                    part.length(),
                    diffId.isEmpty() ? "-" : diffId,
                    part.pieces().root()));
            if (isSegment) {
                segments.get(index - 1)
                        .cut()
                        .forEach(cut ->
                                text.append(String.format(Locale.ROOT, "cut %d %d\n", cut.offset(), cut.length())));
            }
        }
        return text.toString();
    }
}
