package io.scaibunker.model;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.UUID;

/**
 * A thing's name for life: a UUID (version 7, RFC 9562 §5.7: sorted by birth) printed as a prefix that tells the kind
 * and 32 hexadecimal digits, as in {@code img_019ab3…}.
 */
public sealed interface Id
        permits ImageId,
                GroupId,
                WorkerId,
                BunkerId,
                PartnerId,
                TenantId,
                UserId,
                KeyId,
                QuotaId,
                SnapshotId,
                IncarnationId {

    UUID value();

    /** A fresh UUID, version 7: 48 bits of milliseconds, then random bits. */
    static UUID freshUuid() {
        byte[] random = new byte[16];
        Randomness.SOURCE.nextBytes(random);
        long millis = System.currentTimeMillis();
        long high = (millis << 16) | 0x7000L | ((random[0] & 0x0fL) << 8) | (random[1] & 0xffL);
        long low = 0;
        for (int i = 8; i < 16; i++) {
            low = (low << 8) | (random[i] & 0xff);
        }
        return new UUID(high, (low & 0x3fffffffffffffffL) | 0x8000000000000000L);
    }

    /** {@code prefix} and the 32 digits of {@code value}. */
    static String print(String prefix, UUID value) {
        return prefix + value.toString().replace("-", "");
    }

    /**
     * Reads what {@link #print} wrote.
     *
     * @throws IllegalArgumentException if {@code text} is anything else
     */
    static UUID parse(String prefix, String text) {
        boolean fits = text.length() == prefix.length() + 32
                && text.startsWith(prefix)
                && text.chars().skip(prefix.length()).allMatch(HexFormat::isHexDigit);
        if (!fits) {
            throw new IllegalArgumentException(
                    "value: " + shorten(text) + " (expected: " + prefix + " and 32 hexadecimal digits)");
        }
        long high = Long.parseUnsignedLong(text, prefix.length(), prefix.length() + 16, 16);
        long low = Long.parseUnsignedLong(text, prefix.length() + 16, prefix.length() + 32, 16);
        return new UUID(high, low);
    }

    private static String shorten(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }

    /** Holds the generator apart, so that reading an id never opens it. */
    final class Randomness {
        static final SecureRandom SOURCE = new SecureRandom();

        private Randomness() {}
    }
}
