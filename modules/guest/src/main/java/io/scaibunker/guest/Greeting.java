package io.scaibunker.guest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How both ends of a byte stream that may hold leftovers of a former conversation find a common beginning: the page of
 * this package tells it.
 */
final class Greeting {
    /** What a guest may have left in the pipe between the former host and this one. */
    private static final long MOST_SKIPPED = 4L << 20;

    private static final byte[] HOST_MAGIC = magic("SCAIBUNKER-HOST");
    private static final byte[] GUEST_MAGIC = magic("SCAIBUNKER-GUES");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] nonce = new byte[FrameCodec.NONCE];
    private long skipped;

    Greeting() {
        RANDOM.nextBytes(nonce);
    }

    /** What the host says first. */
    ByteBuffer bytes() {
        var hello = FrameCodec.encode(new Frame.Hello(Frame.PROTOCOL, nonce));
        var padding = 4 + Frame.MAX_LENGTH + 4;
        return ByteBuffer.allocate(padding + HOST_MAGIC.length + hello.remaining())
                .position(padding)
                .put(HOST_MAGIC)
                .put(hello)
                .rewind();
    }

    /**
     * Looks for the answer to this greeting and leaves the buffer behind it; null when it has not come yet.
     *
     * @throws GuestException when what comes cannot be, or is too much
     */
    @Nullable
    GuestHello find(ByteBuffer buffer) {
        while (skipToMagic(buffer)) {
            var start = buffer.position();
            buffer.position(start + GUEST_MAGIC.length);
            var frame = GuestConnection.next(buffer);
            if (frame == null) {
                buffer.position(start);
                return null;
            }
            if (frame instanceof Frame.HelloBack back && Arrays.equals(back.nonce(), nonce)) {
                return accepted(back);
            }
            // An answer to a former host's greeting that nobody read.
            skip(buffer.position() - start);
        }
        return null;
    }

    private static GuestHello accepted(Frame.HelloBack back) {
        if (back.protocol() != Frame.PROTOCOL) {
            throw FrameCodec.broken("a greeting of protocol " + back.protocol() + " instead of " + Frame.PROTOCOL);
        }
        return new GuestHello(
                back.protocol(),
                back.features(),
                Duration.ofMillis(back.uptimeMillis()),
                Duration.ofMillis(back.startMillis()),
                back.version());
    }

    /** Whether the buffer now begins with the magic; if not, it holds at most a part of one. */
    private boolean skipToMagic(ByteBuffer buffer) {
        while (buffer.remaining() >= GUEST_MAGIC.length) {
            if (buffer.slice(buffer.position(), GUEST_MAGIC.length).equals(ByteBuffer.wrap(GUEST_MAGIC))) {
                return true;
            }
            buffer.get();
            skip(1);
        }
        return false;
    }

    private void skip(int bytes) {
        skipped += bytes;
        if (skipped > MOST_SKIPPED) {
            throw FrameCodec.broken("more than " + MOST_SKIPPED + " bytes without a greeting");
        }
    }

    private static byte[] magic(String word) {
        var bytes = ("?" + word).getBytes(StandardCharsets.US_ASCII);
        bytes[0] = (byte) 0xff;
        return bytes;
    }
}
