package io.scaibunker.model;

import java.util.UUID;

/** A quota profile: caps on what the bunkers of a tenant or a user may take. */
public record QuotaId(UUID value) implements Id {
    private static final String PREFIX = "quo_";

    public static QuotaId fresh() {
        return new QuotaId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code quo_} and 32 hexadecimal digits */
    public static QuotaId parse(String text) {
        return new QuotaId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
