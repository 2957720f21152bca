package io.scaibunker.model;

import java.util.UUID;

/** What a bunker had written at one moment. */
public record SnapshotId(UUID value) implements Id {
    private static final String PREFIX = "snp_";

    public static SnapshotId fresh() {
        return new SnapshotId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code snp_} and 32 hexadecimal digits */
    public static SnapshotId parse(String text) {
        return new SnapshotId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
