package io.scaibunker.microvm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The last of a stream of bytes that a tenant writes: bounded, and printable when read. */
final class ConsoleTail {
    private static final Logger log = LoggerFactory.getLogger(ConsoleTail.class);

    private final byte[] ring;
    private long written;

    ConsoleTail(int bytes) {
        ring = new byte[bytes];
    }

    /** Reads to the end, or until somebody closes it, and closes it. */
    void addAll(InputStream from) {
        var bytes = new byte[4096];
        try (from) {
            for (var got = from.read(bytes); got >= 0; got = from.read(bytes)) {
                add(bytes, 0, got);
            }
        } catch (IOException ended) {
            log.debug("a console ended", ended);
        }
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
