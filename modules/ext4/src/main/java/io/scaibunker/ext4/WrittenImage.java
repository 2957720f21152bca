package io.scaibunker.ext4;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file that was written.
 *
 * @param table what the file consists of
 * @param allocatedBytes bytes in its 4 KiB blocks that are not holes: what it takes where these are kept
 * @param entries names in the image's tree, its root included
 * @param reused which of the segments came from another image on this host: their layers were not read again
 * @param phases wall time by phase, in the order in which they ran
 */
public record WrittenImage(
        ImageTable table, long allocatedBytes, long entries, Set<Integer> reused, Map<String, Duration> phases) {
    /** {@link ImageTable#digest()}. */
    public String digest() {
        return table.digest();
    }

    /** Length of the file. */
    public long sizeBytes() {
        return table.sizeBytes();
    }

    /** Where each layer's data lies, lowest layer first; empty from a writer that does not lay out by layers. */
    public List<Segment> segments() {
        return table.segments();
    }
}
