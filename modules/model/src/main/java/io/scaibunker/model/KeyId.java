package io.scaibunker.model;

import java.util.UUID;

/** An API key (its row, never its secret). */
public record KeyId(UUID value) implements Id {
    private static final String PREFIX = "key_";

    public static KeyId fresh() {
        return new KeyId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code key_} and 32 hexadecimal digits */
    public static KeyId parse(String text) {
        return new KeyId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
