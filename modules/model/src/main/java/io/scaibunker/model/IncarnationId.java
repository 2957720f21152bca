package io.scaibunker.model;

import java.util.UUID;

/** One run of a process: a new one at each start, so that what an earlier run claimed can be told apart. */
public record IncarnationId(UUID value) implements Id {
    private static final String PREFIX = "inc_";

    public static IncarnationId fresh() {
        return new IncarnationId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code inc_} and 32 hexadecimal digits */
    public static IncarnationId parse(String text) {
        return new IncarnationId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
