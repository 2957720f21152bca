package io.scaibunker.bench;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One terminal in a bunker, over a WebSocket. */
final class BenchTerminal implements WebSocket.Listener {
    private static final Pattern SIZE = Pattern.compile("size=(\\d+ \\d+)");

    private final StringBuilder said = new StringBuilder();
    private final CompletableFuture<String> size = new CompletableFuture<>();

    private BenchTerminal() {}

    static String sizeAfter(HttpClient http, URI shell, String key, int columns, int rows) {
        BenchTerminal terminal = new BenchTerminal();
        WebSocket socket = http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key)
                .buildAsync(shell, terminal)
                .join();
        socket.sendText("{\"resize\":{\"cols\":" + columns + ",\"rows\":" + rows + "}}", true)
                .join();
        socket.sendBinary(StandardCharsets.UTF_8.encode("echo size=$(stty size)\n"), true)
                .join();
        try {
            return terminal.size.orTimeout(30, TimeUnit.SECONDS).join();
        } finally {
            socket.abort();
        }
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer bytes, boolean last) {
        said.append(StandardCharsets.UTF_8.decode(bytes));
        Matcher found = SIZE.matcher(said);
        if (found.find()) {
            size.complete(found.group(1));
        }
        socket.request(1);
        return null;
    }
}
