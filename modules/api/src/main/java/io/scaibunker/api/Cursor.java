package io.scaibunker.api;

import io.scaibunker.model.PlatformException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.UUID;

/** Where a page ends: the sort key of its last row, so that rows that come or go do not shift the next page. */
final class Cursor {
    private Cursor() {}

    static String of(UUID id) {
        return encode(ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array());
    }

    static String of(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws PlatformException if we did not make it */
    static UUID id(String cursor) {
        byte[] bytes = decode(cursor);
        if (bytes.length != 16) {
            throw foreign();
        }
        ByteBuffer parts = ByteBuffer.wrap(bytes);
        return new UUID(parts.getLong(), parts.getLong());
    }

    static String text(String cursor) {
        String text = new String(decode(cursor), StandardCharsets.UTF_8);
        if (text.indexOf('\0') >= 0) {
            throw foreign();
        }
        return text;
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] decode(String cursor) {
        try {
            return Base64.getUrlDecoder().decode(cursor);
        } catch (IllegalArgumentException e) {
            throw foreign();
        }
    }

    static PlatformException foreign() {
        return PlatformException.invalid("cursor", "not a cursor (expected: next_cursor of the answer before)");
    }
}
