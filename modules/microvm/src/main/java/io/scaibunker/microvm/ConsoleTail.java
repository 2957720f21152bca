package io.scaibunker.microvm;

import java.nio.charset.StandardCharsets;

/** The last of a stream of bytes that a tenant writes: bounded, and printable when read. */
final class ConsoleTail {
    private final byte[] ring;
    private long written;

    ConsoleTail(int bytes) {
        ring = new byte[bytes];
    }

    synchronized void add(byte[] bytes, int from, int length) {
        for (var i = 0; i < length; i++) {
            ring[(int) (written++ % ring.length)] = bytes[from + i];
        }
    }

    /** Lines as they came; every other control character as a question mark. */
    synchronized String text() {
        var length = (int) Math.min(written, ring.length);
        var bytes = new byte[length];
        for (var i = 0; i < length; i++) {
            bytes[i] = ring[(int) ((written - length + i) % ring.length)];
        }
        return new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n").replaceAll("[\\p{Cntrl}&&[^\n\t]]", "?");
    }
}
