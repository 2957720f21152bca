package io.scaibunker.api;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One text for JSON that means the same: fields in the order of their names. */
final class Canonical {
    private Canonical() {}

    static String text(@Nullable Object value) {
        return switch (value) {
            case JsonObject object ->
                object.fieldNames().stream()
                        .sorted()
                        .map(name -> Json.encode(name) + ":" + text(object.getValue(name)))
                        .collect(Collectors.joining(",", "{", "}"));
            case JsonArray array -> array.stream().map(Canonical::text).collect(Collectors.joining(",", "[", "]"));
            case null -> "null";
            default -> Json.encode(value);
        };
    }
}
