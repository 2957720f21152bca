package io.scaibunker.ext4;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A file that was written.
 *
 * @param digest SHA-256 of the whole file, holes as zeros, as {@code sha256:…}
 * @param sizeBytes length of the file
 * @param allocatedBytes bytes in its 4 KiB blocks that are not all zeros: what it takes where holes are kept
 * @param entries names in the image's tree, its root included
 * @param phases wall time by phase, in the order in which they ran
 * @param segments where each layer's data lies, lowest layer first; empty from a writer that does not lay out by layers
 */
public record WrittenImage(
        String digest,
        long sizeBytes,
        long allocatedBytes,
        long entries,
        Map<String, Duration> phases,
        List<Segment> segments) {}
