package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Over a connection whose other end reads nothing yet: what is sent meanwhile must wait, and must not be lost. */
class SocketQueueTest {
    private static final int MUCH = 32 << 20;

    @Test
    void whatIsSentWhileSomethingIsOnItsWayFollowsIt() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var http = HttpClient.newHttpClient()) {
            var opening = http.newWebSocketBuilder()
                    .buildAsync(
                            URI.create("ws://127.0.0.1:" + server.getLocalPort() + "/"), new WebSocket.Listener() {});
            try (var other = server.accept()) {
                other.getOutputStream().write(welcome(other.getInputStream()));
                var socket = opening.get(20, TimeUnit.SECONDS);
                var queue = new SocketQueue(socket);
                var keys = queue.bytes(ByteBuffer.allocate(MUCH));
                var size = queue.text("{\"resize\":{}}");
                var more = queue.bytes(ByteBuffer.wrap(new byte[] {'k'}));
                assertThat(keys).as("nobody reads").isNotDone();
                // Without the queue, that would have been it.
                assertThatThrownBy(() -> socket.sendText("lost", true).get(20, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(IllegalStateException.class);

                var in = new DataInputStream(other.getInputStream());
                assertThat(message(in)).hasSize(MUCH);
                assertThat(new String(message(in), StandardCharsets.UTF_8)).isEqualTo("{\"resize\":{}}");
                assertThat(message(in)).containsExactly('k');
                CompletableFuture.allOf(keys, size, more).get(20, TimeUnit.SECONDS);
                socket.abort();
            }
        }
    }

    /** RFC 6455, 4.2.2. */
    private static byte[] welcome(InputStream in) throws Exception {
        var asked = new StringBuilder();
        while (asked.indexOf("\r\n\r\n") < 0) {
            asked.append((char) in.read());
        }
        var key = asked.toString()
                .lines()
                .filter(line -> line.startsWith("Sec-WebSocket-Key: "))
                .findFirst()
                .orElseThrow()
                .substring("Sec-WebSocket-Key: ".length());
        var proof = MessageDigest.getInstance("SHA-1")
                .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
        return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + Base64.getEncoder().encodeToString(proof) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** RFC 6455, 5.2: all frames of one message, unmasked. */
    private static byte[] message(DataInputStream in) throws IOException {
        var whole = new java.io.ByteArrayOutputStream();
        var last = false;
        while (!last) {
            last = (in.readUnsignedByte() & 0x80) != 0;
            var length = (long) (in.readUnsignedByte() & 0x7f);
            length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            var mask = in.readNBytes(4);
            var piece = in.readNBytes((int) length);
            for (var at = 0; at < piece.length; at++) {
                piece[at] ^= mask[at % 4];
            }
            whole.write(piece);
        }
        return whole.toByteArray();
    }
}
