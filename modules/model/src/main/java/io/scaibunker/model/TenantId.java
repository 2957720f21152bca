package io.scaibunker.model;

import java.util.UUID;

/** A tenant: the owner of images, groups and bunkers. */
public record TenantId(UUID value) implements Id {
    private static final String PREFIX = "ten_";

    public static TenantId fresh() {
        return new TenantId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code ten_} and 32 hexadecimal digits */
    public static TenantId parse(String text) {
        return new TenantId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
