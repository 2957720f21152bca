package io.scaibunker.ext4;

import java.time.Instant;

/**
 * What the file shall be.
 *
 * @param sizeMib the exact size of the file in MiB, {@value #MIN_SIZE_MIB}..{@value #MAX_SIZE_MIB}
 * @param seed any text that stands for the content, such as the manifest digest; the file system's UUID and hash seed
 *     derive from it
 * @param timestamp the time written wherever the layers give none, such as the superblock
 */
public record ImageSpec(long sizeMib, String seed, Instant timestamp) {
    public static final long MIN_SIZE_MIB = 8;
    public static final long MAX_SIZE_MIB = 1_048_576;

    /** The time that equal input must have everywhere, so that it gives equal bytes. */
    private static final Instant TIMESTAMP = Instant.parse("2020-01-01T00:00:00Z");

    /** With the platform's own timestamp: what workers and the command line bake. */
    public ImageSpec(long sizeMib, String seed) {
        this(sizeMib, seed, TIMESTAMP);
    }

    public ImageSpec {
        if (sizeMib < MIN_SIZE_MIB || sizeMib > MAX_SIZE_MIB) {
            throw new IllegalArgumentException(
                    "size_mib " + sizeMib + " is not in " + MIN_SIZE_MIB + ".." + MAX_SIZE_MIB);
        }
    }
}
