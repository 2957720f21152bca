package io.scaibunker.guest;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A guest that says what a test wants it to, honest or not. */
final class FakeGuest implements AutoCloseable {
    static final byte[] MAGIC = magic("SCAIBUNKER-GUES");

    final GuestConnection host;
    private final SocketChannel channel;

    FakeGuest(Path directory) throws IOException {
        var path = Files.createTempDirectory(directory, "guest").resolve("s");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            host = GuestConnection.open("fake", SocketChannel.open(UnixDomainSocketAddress.of(path)));
            channel = server.accept();
        }
    }

    /** Reads the host's greeting and answers it. */
    FakeGuest greet() throws IOException {
        say(MAGIC);
        return frame(0x81, 0, hello(nonce()));
    }

    byte[] nonce() throws IOException {
        var padding = read(4 + Frame.MAX_LENGTH + 4);
        for (var zero : padding) {
            if (zero != 0) {
                throw new IOException("the padding holds something");
            }
        }
        var greeting = read(16 + 4 + 5 + 2 + 16);
        var nonce = new byte[16];
        System.arraycopy(greeting, greeting.length - 16, nonce, 0, 16);
        return nonce;
    }

    static byte[] hello(byte[] nonce) {
        return ByteBuffer.allocate(2 + 4 + 16 + 8 + 2)
                .putShort((short) 1)
                .putInt(0)
                .put(nonce)
                .putLong(1234)
                .put((byte) '1')
                .put((byte) 7)
                .array();
    }

    FakeGuest frame(int type, int stream, byte... body) throws IOException {
        var bytes = ByteBuffer.allocate(9 + body.length);
        bytes.putInt(5 + body.length).put((byte) type).putInt(stream).put(body);
        return say(bytes.array());
    }

    FakeGuest say(byte... bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        return this;
    }

    /** The type of the host's next frame. */
    int type() throws IOException {
        return next()[0];
    }

    /** The host's next frame: its type, its stream, its body. */
    byte[] next() throws IOException {
        return read(ByteBuffer.wrap(read(4)).getInt());
    }

    byte[] read(int length) throws IOException {
        var buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the host has closed");
            }
        }
        return buffer.array();
    }

    @Override
    public void close() throws IOException {
        host.close();
        channel.close();
    }

    private static byte[] magic(String word) {
        var bytes = ("?" + word).getBytes(StandardCharsets.US_ASCII);
        bytes[0] = (byte) 0xff;
        return bytes;
    }
}
