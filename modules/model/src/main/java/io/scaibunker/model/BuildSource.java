package io.scaibunker.model;

/** Where an image comes from. */
public sealed interface BuildSource {
    /** The longest reference or path taken, in characters. */
    int LENGTH_MAX = 4096;

    /**
     * An image in a registry.
     *
     * @param platform as {@code os/arch} or {@code os/arch/variant}
     */
    record Oci(String ref, String platform) implements BuildSource {
        public static final String PLATFORM_DEFAULT = "linux/amd64";
    }

    /** An archive or layout directory that a worker can read, under one of its tar roots. */
    record Tar(String path) implements BuildSource {}

    /** What a bunker had written, on top of the image that it was booted from. Its worker alone has it. */
    record Snapshot(SnapshotId snapshotId) implements BuildSource {}
}
