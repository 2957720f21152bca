package io.scaibunker.model;

import java.util.UUID;

/** One microVM. */
public record BunkerId(UUID value) implements Id {
    private static final String PREFIX = "bnk_";

    public static BunkerId fresh() {
        return new BunkerId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code bnk_} and 32 hexadecimal digits */
    public static BunkerId parse(String text) {
        return new BunkerId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
