package io.scaibunker.vulns;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Something that scans images. It throws nothing and never answers with an empty list for want of a better one: what went wrong is a
 * {@link ScanOutcome.Broken}, and what was not looked at is in the {@link Coverage}.
 */
public interface Scanner {
    /**
     * What is to be scanned.
     *
     * @param inventory what the image holds, as read when it was baked; holds other scanners to account too
     * @param files where the image's files are, for scanners that read them themselves: a directory that is its root
     */
    record Target(Inventory inventory, @Nullable Path files) {}

    ScanOutcome scan(Target target);
}
