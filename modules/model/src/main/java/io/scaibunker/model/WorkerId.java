package io.scaibunker.model;

import java.util.UUID;

/** A host that bakes images and runs bunkers; chosen by the worker at its first start and kept on its disk. */
public record WorkerId(UUID value) implements Id {
    private static final String PREFIX = "wrk_";

    public static WorkerId fresh() {
        return new WorkerId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code wrk_} and 32 hexadecimal digits */
    public static WorkerId parse(String text) {
        return new WorkerId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
