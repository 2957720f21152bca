package io.scaibunker.api;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Bytes that come in parts, as text: a character that is cut by a part's end waits for the next. What is no UTF-8 is U+FFFD. */
final class Utf8Stream {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    private Buffer left = Buffer.buffer();

    String text(Buffer bytes) {
        return decode(left.appendBuffer(bytes), false);
    }

    /** What no further part will complete. */
    String rest() {
        return decode(left, true);
    }

    private String decode(Buffer bytes, boolean last) {
        ByteBuffer in = ByteBuffer.wrap(bytes.getBytes());
        CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
        decoder.reset();
        decoder.decode(in, out, last);
        byte[] cut = new byte[in.remaining()];
        in.get(cut);
        left = Buffer.buffer(cut);
        return out.flip().toString();
    }
}
