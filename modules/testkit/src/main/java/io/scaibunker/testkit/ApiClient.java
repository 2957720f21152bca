package io.scaibunker.testkit;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A caller of the platform's API over HTTP: of the first of its addresses that answers, beginning with the one that did last. */
public final class ApiClient implements AutoCloseable {
    private static final String BASE = "/v1/modules/scaibunker";

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Supplier<String> key;
    private final Duration timeout;
    private final List<String> addresses;
    private int current;

    /** What the API said: its status and its envelope. */
    public record Answer(int status, JsonObject body) {
        /** The one thing that was asked for; fails for a refusal. */
        public JsonObject data() {
            return checked().getJsonObject("data");
        }

        /** The things that were asked for; fails for a refusal. */
        public JsonArray list() {
            return checked().getJsonArray("data");
        }

        private JsonObject checked() {
            if (status >= 300) {
                throw new AssertionError(status + " " + body.encode());
            }
            return body;
        }

        public String errorCode() {
            return body.getJsonObject("error", new JsonObject()).getString("code", "");
        }
    }

    /**
     * @param addresses {@code host:port}, where the same platform is served
     * @param key read at each call
     */
    public ApiClient(List<String> addresses, Supplier<String> key, Duration timeout) {
        this.addresses = List.copyOf(addresses);
        this.key = key;
        this.timeout = timeout;
    }

    /** Calls go to this address first. */
    public synchronized void prefer(String address) {
        current = addresses.indexOf(address);
    }

    public Answer get(String path) {
        return send("GET", path, null);
    }

    public Answer post(String path, JsonObject body) {
        return send("POST", path, body);
    }

    public Answer delete(String path) {
        return send("DELETE", path, null);
    }

    private Answer send(String method, String path, @Nullable JsonObject body) {
        var publisher =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body.encode());
        var answer = send(method, path, publisher, HttpResponse.BodyHandlers.ofString());
        return new Answer(answer.statusCode(), new JsonObject(answer.body()));
    }

    /** A call whose body, or whose answer, is bytes. */
    public HttpResponse<byte[]> bytes(String method, String path, byte[] body) {
        return send(
                method, path, HttpRequest.BodyPublishers.ofByteArray(body), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** A terminal, at the address that answered last. */
    public void terminal(String path, WebSocket.Listener listener) {
        http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key.get())
                .buildAsync(URI.create("ws://" + addresses.get(current) + BASE + path), listener)
                .join();
    }

    private synchronized <T> HttpResponse<T> send(
            String method, String path, HttpRequest.BodyPublisher body, HttpResponse.BodyHandler<T> handler) {
        IOException last = null;
        for (var tried = 0; tried < addresses.size(); tried++, current = (current + 1) % addresses.size()) {
            var request = HttpRequest.newBuilder(URI.create("http://" + addresses.get(current) + BASE + path))
                    .timeout(timeout)
                    .header("Authorization", "Bearer " + key.get())
                    .header("Content-Type", "application/json")
                    .method(method, body)
                    .build();
            try {
                return http.send(request, handler);
            } catch (IOException away) {
                last = away;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(method + " " + path, e);
            }
        }
        throw new UncheckedIOException(method + " " + path, last == null ? new IOException("no address") : last);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
