package io.scaibunker.cli;

import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A platform, called over HTTP. Answers are unwrapped: who calls gets the data, or an {@link ApiException} that says what the
 * platform said. The key goes to the context's own address alone: redirects are not followed.
 */
final class Api {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int ANSWER_BYTES_MAX = 64 << 20;
    private static final int PAGE = 1000;
    private static final Set<String> SECRETS = Set.of("password", "token", "env_vars", "env", "stdin");
    private static final String HIDDEN = "***";
    private static final int OK = 200;
    private static final int REDIRECTED = 300;

    static final ObjectMapper JSON = JsonMapper.builder(com.fasterxml.jackson.core.JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(100).build())
                    .build())
            .build();

    private final Context context;
    private final HttpClient http;
    /** Told of each request, without the key; null for nobody. */
    private final @Nullable PrintStream trace;

    Api(Context context, @Nullable PrintStream trace) {
        this.context = context;
        this.trace = trace;
        var client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER);
        http = ("https".equals(context.url().getScheme()) ? client : client.sslContext(NoTls.context())).build();
    }

    Context context() {
        return context;
    }

    /** @return the answer's {@code data} */
    JsonNode data(Call call) throws IOException {
        return envelope(call).path("data");
    }

    /** @return the whole answer, where its {@code meta} matters, too */
    JsonNode envelope(Call call) throws IOException {
        var response = send(call, "application/json", content(call));
        try (var body = response.body()) {
            return read(body);
        }
    }

    /** All pages of a list, in one. */
    ArrayNode all(Call call) throws IOException {
        var all = JSON.createArrayNode();
        var cursor = (String) null;
        do {
            var page = envelope(call.with("limit", PAGE).with("cursor", cursor));
            page.path("data").forEach(all::add);
            cursor = page.path("next_cursor").textValue();
        } while (cursor != null);
        return all;
    }

    /** Bytes, or events, as they come; the caller closes it. */
    HttpResponse<InputStream> open(Call call, String accept) throws IOException {
        return send(call, accept, content(call));
    }

    /** Sends raw bytes. */
    JsonNode upload(Call call, BodyPublisher bytes) throws IOException {
        var response = send(call, "application/json", bytes);
        try (var body = response.body()) {
            return read(body).path("data");
        }
    }

    /** A connection that stays, for a terminal. */
    WebSocket socket(Call call, WebSocket.Listener listener) throws IOException {
        var scheme = "https".equals(context.url().getScheme()) ? "wss" : "ws";
        var target = URI.create(scheme + "://" + context.url().getAuthority() + call.target());
        trace("> " + call.method() + " " + target);
        try {
            return http.newWebSocketBuilder()
                    .header("Authorization", "Bearer " + context.key())
                    .connectTimeout(CONNECT_TIMEOUT)
                    .buildAsync(target, listener)
                    .join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof java.net.http.WebSocketHandshakeException refused) {
                // What was said with the refusal is not kept by the WebSocket client: ask the plain way.
                var status = refused.getResponse().statusCode();
                throw refusal(call, status);
            }
            throw ApiException.silent(context, failed.getCause() == null ? failed : failed.getCause());
        }
    }

    private IOException refusal(Call call, int status) {
        try (var body = send(call, "application/json", BodyPublishers.noBody()).body()) {
            body.skip(1);
        } catch (IOException told) {
            return told;
        }
        return ApiException.answered(status, "HTTP_" + status, "the terminal was refused", List.of(), 0, "");
    }

    private BodyPublisher content(Call call) throws IOException {
        var body = call.body();
        return body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    }

    private HttpResponse<InputStream> send(Call call, String accept, BodyPublisher content) throws IOException {
        var request = HttpRequest.newBuilder(context.url().resolve(call.target()))
                .method(call.method(), content)
                .timeout(call.timeout())
                .header("Authorization", "Bearer " + context.key())
                .header("Accept", accept);
        if (call.body() != null) {
            request.header("Content-Type", "application/json");
        }
        if ("POST".equals(call.method())) {
            request.header("Idempotency-Key", UUID.randomUUID().toString());
        }
        trace("> " + call.method() + " " + context.url().resolve(call.target()));
        var body = call.body();
        if (body != null) {
            trace("> " + told(body));
        }
        var started = System.nanoTime();
        var response = answer(request.build());
        trace("< " + response.statusCode() + " in " + (System.nanoTime() - started) / 1_000_000 + " ms"
                + response.headers()
                        .firstValue("X-Request-Id")
                        .map(id -> ", request " + id)
                        .orElse(""));
        if (response.statusCode() < OK || response.statusCode() >= REDIRECTED) {
            throw failure(response);
        }
        return response;
    }

    private HttpResponse<InputStream> answer(HttpRequest request) throws IOException {
        try {
            return http.send(request, BodyHandlers.ofInputStream());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException silent) {
            throw ApiException.silent(context, silent);
        }
    }

    private JsonNode read(InputStream body) throws IOException {
        var bytes = body.readNBytes(ANSWER_BYTES_MAX);
        try {
            return JSON.readTree(bytes);
        } catch (IOException unfit) {
            throw ApiException.silent(context, new IOException("its answer is no JSON", unfit));
        }
    }

    private ApiException failure(HttpResponse<InputStream> response) {
        try (var body = response.body()) {
            var answer = read(body);
            var error = answer.path("error");
            var details = new ArrayList<String>();
            error.path("details")
                    .forEach(one -> details.add(Text.plain(one.path("field").asText() + ": "
                            + one.path("message").asText())));
            return ApiException.answered(
                    response.statusCode(),
                    Text.plain(error.path("code").asText("HTTP_" + response.statusCode())),
                    Text.plain(error.path("message").asText("no reason was given")),
                    details,
                    error.path("retry_after").asInt(0),
                    Text.plain(answer.path("meta").path("request_id").asText("")));
        } catch (IOException _) {
            return ApiException.answered(
                    response.statusCode(),
                    "HTTP_" + response.statusCode(),
                    "an answer that is none of a ScaiBunker platform",
                    List.of(),
                    0,
                    "");
        }
    }

    /** As it is sent, but for what is nobody's business: a trace is pasted into a ticket. */
    private static JsonNode told(JsonNode body) {
        if (body instanceof ObjectNode fields) {
            var told = JSON.createObjectNode();
            fields.properties().forEach(field -> {
                var hidden = SECRETS.contains(field.getKey());
                told.set(field.getKey(), hidden ? hidden(field.getValue()) : told(field.getValue()));
            });
            return told;
        }
        return body;
    }

    /** The names in it stay. */
    private static JsonNode hidden(JsonNode secret) {
        if (secret instanceof ObjectNode fields) {
            var told = JSON.createObjectNode();
            fields.propertyStream().forEach(field -> told.put(field.getKey(), HIDDEN));
            return told;
        }
        return TextNode.valueOf(HIDDEN);
    }

    private void trace(String line) {
        if (trace != null) {
            trace.println(line);
        }
    }
}
