package io.scaibunker.model;

import java.util.UUID;

/** A partner: the owner of tenants. */
public record PartnerId(UUID value) implements Id {
    private static final String PREFIX = "prt_";

    public static PartnerId fresh() {
        return new PartnerId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code prt_} and 32 hexadecimal digits */
    public static PartnerId parse(String text) {
        return new PartnerId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
