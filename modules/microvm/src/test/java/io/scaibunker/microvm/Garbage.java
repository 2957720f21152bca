package io.scaibunker.microvm;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Frames that no honest host sends, in the outer form of frames so that they get as far as possible. */
final class Garbage {
    private static final byte[] TYPES = {0x01, 0x02, 0x10, 0x10, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, (byte) 0x95};

    private Garbage() {}

    static ByteBuffer greeting() {
        return ByteBuffer.allocate(65_544 + 16 + 4 + 23)
                .position(65_544)
                .put((byte) 0xff)
                .put("SCAIBUNKER-HOST".getBytes(StandardCharsets.US_ASCII))
                .putInt(23)
                .put((byte) 1)
                .putInt(0)
                .putShort((short) 1)
                .put(new byte[16])
                .rewind();
    }

    static ByteBuffer frame(Random random) {
        var body = random.nextInt(4) == 0 ? exec(random) : bytes(random, random.nextInt(200));
        var type = TYPES[random.nextInt(TYPES.length)];
        var length = random.nextInt(50) == 0 ? random.nextInt() : 5 + body.length;
        // Mostly greeted anew, because an agent believes nothing after the first wrong frame.
        var greeting = random.nextInt(2) == 0 ? greeting() : ByteBuffer.allocate(0);
        return ByteBuffer.allocate(greeting.remaining() + 9 + body.length)
                .put(greeting)
                .putInt(length)
                .put(type)
                .putInt(random.nextInt(4))
                .put(body)
                .flip();
    }

    /** A request that is nearly right. */
    private static byte[] exec(Random random) {
        var word = "helper".getBytes(StandardCharsets.US_ASCII);
        var body = ByteBuffer.allocate(64)
                .put((byte) random.nextInt(9))
                .putInt(random.nextInt())
                .putShort((short) random.nextInt(3));
        body.putShort((short) (random.nextInt(8) == 0 ? random.nextInt() : word.length))
                .put(word)
                .put((byte) 0);
        body.putShort((short) random.nextInt(2))
                .putShort((short) 0)
                .put((byte) 0)
                .putShort((short) 0)
                .put((byte) 0);
        body.putInt(random.nextInt(8) == 0 ? 0 : 0xC0FFEE5B);
        var whole = new byte[body.position()];
        body.flip().get(whole);
        return whole;
    }

    private static byte[] bytes(Random random, int length) {
        var bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
