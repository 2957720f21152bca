package io.scaibunker.guest;

import io.scaibunker.guest.Frame.FromGuest;
import io.scaibunker.guest.Frame.ToGuest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Frames to bytes and back. Reading trusts nothing: each body has exactly the length its type says, or lies in the
 * range it says, and whatever else comes is a {@link GuestException} with reason PROTOCOL.
 */
final class FrameCodec {
    static final byte HELLO = 0x01;
    static final byte POWER_OFF = 0x03;
    static final byte EXEC = 0x10;
    static final byte STDIN = 0x11;
    static final byte STDIN_END = 0x12;
    static final byte CREDIT = 0x13;
    static final byte SIGNAL = 0x14;
    static final byte RESIZE = 0x15;
    static final byte CLOCK = 0x16;
    static final byte HELLO_BACK = (byte) 0x81;
    static final byte STARTED = (byte) 0x90;
    static final byte FAILED = (byte) 0x91;
    static final byte STDOUT = (byte) 0x92;
    static final byte STDERR = (byte) 0x93;
    static final byte STDIN_CREDIT = (byte) 0x94;
    static final byte ENDED = (byte) 0x95;

    static final int NONCE = 16;
    private static final int MAX_VERSION = 64;

    /** The last word of EXEC: a command cut short by a lost host and filled up with zeros must never run. */
    private static final int WHOLE = 0xC0FFEE5B;

    private FrameCodec() {}

    /** The frame with its length in front, ready to be written. */
    static ByteBuffer encode(ToGuest frame) {
        var body = new Body();
        switch (frame) {
            case Frame.Hello hello ->
                body.head(HELLO, 0).number16(hello.protocol()).bytes(hello.nonce());
            case Frame.PowerOff _ -> body.head(POWER_OFF, 0);
            case Frame.Exec exec -> exec(body, exec);
            case Frame.Stdin stdin -> body.head(STDIN, stdin.stream()).bytes(stdin.bytes());
            case Frame.StdinEnd end -> body.head(STDIN_END, end.stream());
            case Frame.Credit credit -> body.head(CREDIT, credit.stream()).number32(credit.more());
            case Frame.Resize resize ->
                body.head(RESIZE, resize.stream())
                        .number16(resize.size().columns())
                        .number16(resize.size().rows());
            case Frame.Clock clock ->
                body.head(CLOCK, 0)
                        .number64(clock.now().getEpochSecond())
                        .number32(clock.now().getNano());
            case Frame.Signal signal -> body.head(SIGNAL, signal.stream()).number8(signal.number());
        }
        return body.framed();
    }

    private static void exec(Body body, Frame.Exec exec) {
        var terminal = exec.terminal();
        body.head(EXEC, exec.stream())
                .number8((exec.stdin() ? Frame.WITH_STDIN : 0)
                        | (terminal == null ? 0 : Frame.WITH_TERMINAL)
                        | (exec.fileWork() ? Frame.FILE_WORK : 0))
                .number32(exec.credit())
                .words(exec.argv())
                .words(exec.env())
                .word(exec.cwd())
                .word(exec.user());
        if (terminal != null) {
            body.number16(terminal.columns()).number16(terminal.rows());
        }
        body.number32(WHOLE);
    }

    /** One frame from what followed its length. The buffer is used up. */
    static FromGuest decode(ByteBuffer frame) {
        if (frame.remaining() < Frame.HEADER) {
            throw broken("a frame of " + frame.remaining() + " bytes");
        }
        var type = frame.get();
        var stream = frame.getInt();
        return switch (type) {
            case HELLO_BACK -> hello(frame);
            case STARTED -> new Frame.Started(stream, exactly(frame, 4).getInt());
            case FAILED -> new Frame.Failed(stream, exactly(frame, 5).get(), frame.getInt());
            case STDOUT -> new Frame.Output(stream, false, data(frame));
            case STDERR -> new Frame.Output(stream, true, data(frame));
            case STDIN_CREDIT -> new Frame.StdinCredit(stream, exactly(frame, 4).getInt());
            case ENDED -> new Frame.Ended(stream, exactly(frame, 5).get() != 0, frame.getInt());
            default -> throw broken("a frame of unknown type " + Byte.toUnsignedInt(type));
        };
    }

    private static Frame.HelloBack hello(ByteBuffer body) {
        var fixed = 2 + 4 + NONCE + 8;
        if (body.remaining() < fixed || body.remaining() > fixed + MAX_VERSION) {
            throw broken("a greeting of " + body.remaining() + " bytes");
        }
        var protocol = Short.toUnsignedInt(body.getShort());
        var features = body.getInt();
        var nonce = take(body, NONCE);
        var uptime = Math.max(0, body.getLong());
        var start = 0L;
        if ((features & Frame.TELLS_START) != 0) {
            if (body.remaining() < Long.BYTES) {
                throw broken("a greeting that is cut short");
            }
            start = Math.clamp(body.getLong(), 0, uptime);
        }
        var version = new String(take(body, body.remaining()), StandardCharsets.US_ASCII);
        return new Frame.HelloBack(protocol, features, nonce, uptime, start, version.replaceAll("[^\\x20-\\x7e]", "?"));
    }

    private static byte[] data(ByteBuffer body) {
        if (!body.hasRemaining() || body.remaining() > Frame.MAX_DATA) {
            throw broken("output of " + body.remaining() + " bytes in one frame");
        }
        return take(body, body.remaining());
    }

    private static ByteBuffer exactly(ByteBuffer body, int length) {
        if (body.remaining() != length) {
            throw broken("a body of " + body.remaining() + " bytes instead of " + length);
        }
        return body;
    }

    private static byte[] take(ByteBuffer body, int length) {
        var bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    static GuestException broken(String what) {
        return new GuestException(GuestException.Reason.PROTOCOL, "the guest sent " + what);
    }

    /** Grows with what is put in, up to the largest frame. */
    private static final class Body {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);

        Body head(byte type, int stream) {
            return number8(type).number32(stream);
        }

        Body number8(int value) {
            bytes.write(value);
            return this;
        }

        Body number16(int value) {
            return number8(value >>> 8).number8(value);
        }

        Body number32(int value) {
            return number16(value >>> 16).number16(value);
        }

        Body number64(long value) {
            return number32((int) (value >>> 32)).number32((int) value);
        }

        Body bytes(byte[] more) {
            if (bytes.size() + more.length > Frame.MAX_LENGTH) {
                throw new GuestException(
                        GuestException.Reason.TOO_LARGE,
                        "the request exceeds " + Frame.MAX_LENGTH + " bytes, command and environment together");
            }
            bytes.writeBytes(more);
            return this;
        }

        Body words(List<String> words) {
            number16(words.size());
            words.forEach(this::word);
            return this;
        }

        /** Length, bytes, and a zero, so that the agent can use it where it lies. */
        Body word(String word) {
            var utf8 = word.getBytes(StandardCharsets.UTF_8);
            return number16(utf8.length).bytes(utf8).number8(0);
        }

        ByteBuffer framed() {
            // A word's zero and the last mark are not checked one by one; this is the check that counts.
            bytes(new byte[0]);
            return ByteBuffer.allocate(4 + bytes.size())
                    .putInt(bytes.size())
                    .put(bytes.toByteArray())
                    .flip();
        }
    }
}
