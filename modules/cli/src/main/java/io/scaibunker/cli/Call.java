package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One request to the platform, before it is sent: whatever a user typed is escaped here and nowhere else. */
final class Call {
    private static final String MODULE = "/v1/modules/scaibunker";
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final String method;
    private final String path;
    private final Map<String, String> query = new TreeMap<>();
    private @Nullable JsonNode body;
    private Duration timeout = TIMEOUT;

    private Call(String method, String path) {
        this.method = method;
        this.path = path;
    }

    /** Of the module's own things: images, groups, workers, bunkers. */
    static Call get(String... segments) {
        return new Call("GET", MODULE + joined(segments));
    }

    static Call post(String... segments) {
        return new Call("POST", MODULE + joined(segments));
    }

    static Call put(String... segments) {
        return new Call("PUT", MODULE + joined(segments));
    }

    static Call delete(String... segments) {
        return new Call("DELETE", MODULE + joined(segments));
    }

    /** Of who may: tenants, users, keys. */
    static Call access(String method, String... segments) {
        return new Call(method, "/v1" + joined(segments));
    }

    private static String joined(String... segments) {
        return Arrays.stream(segments).map(one -> "/" + escaped(one)).collect(Collectors.joining());
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** @param value null leaves it out */
    Call with(String name, @Nullable Object value) {
        if (value != null) {
            query.put(name, value.toString());
        }
        return this;
    }

    Call body(JsonNode content) {
        body = content;
        return this;
    }

    /** For what may well take longer. */
    Call within(Duration longest) {
        timeout = longest;
        return this;
    }

    String method() {
        return method;
    }

    @Nullable
    JsonNode body() {
        return body;
    }

    Duration timeout() {
        return timeout;
    }

    /** Path and query, as it is sent. */
    String target() {
        var asked = query.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + escaped(entry.getValue()))
                .collect(Collectors.joining("&"));
        return asked.isEmpty() ? path : path + "?" + asked;
    }
}
