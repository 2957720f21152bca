package io.scaibunker.model;

import java.util.UUID;

/** An availability group: images that its workers hold. */
public record GroupId(UUID value) implements Id {
    private static final String PREFIX = "grp_";

    public static GroupId fresh() {
        return new GroupId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code grp_} and 32 hexadecimal digits */
    public static GroupId parse(String text) {
        return new GroupId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
