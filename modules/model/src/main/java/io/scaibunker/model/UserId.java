package io.scaibunker.model;

import java.util.UUID;

/** A user of one tenant. */
public record UserId(UUID value) implements Id {
    private static final String PREFIX = "usr_";

    public static UserId fresh() {
        return new UserId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code usr_} and 32 hexadecimal digits */
    public static UserId parse(String text) {
        return new UserId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
