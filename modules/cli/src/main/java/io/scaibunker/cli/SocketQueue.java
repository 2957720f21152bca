package io.scaibunker.cli;

import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What goes out over a WebSocket, in order: it takes the next message only when the last has left, whoever sends it. */
final class SocketQueue {
    private final WebSocket socket;
    private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

    SocketQueue(WebSocket socket) {
        this.socket = socket;
    }

    /** @param message unchanged until it has left */
    CompletableFuture<?> bytes(ByteBuffer message) {
        return next(() -> socket.sendBinary(message, true));
    }

    CompletableFuture<?> text(String message) {
        return next(() -> socket.sendText(message, true));
    }

    private synchronized CompletableFuture<?> next(Supplier<CompletableFuture<WebSocket>> message) {
        last = last.thenCompose(_ -> message.get());
        return last;
    }
}
