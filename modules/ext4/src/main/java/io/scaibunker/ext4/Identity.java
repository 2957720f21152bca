package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** What tells one file system from another, made of a text, so that the same image has the same everywhere. */
record Identity(UUID uuid, UUID hashSeed) {
    static Identity of(String seed) {
        var digest = ByteBuffer.wrap(Sha256.of(seed.getBytes(StandardCharsets.UTF_8)));
        return new Identity(version8(digest.getLong(), digest.getLong()), version8(digest.getLong(), digest.getLong()));
    }

    /** A UUID of the version for whatever its maker likes. */
    private static UUID version8(long high, long low) {
        return new UUID(high & ~0xf000L | 0x8000L, low & 0x3fffffffffffffffL | 0x8000000000000000L);
    }
}
