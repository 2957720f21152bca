package io.scaibunker.api;

import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that stood all the checks of the contract.
 *
 * @param who null where the operation asks for no key
 * @param path the path's parameters
 * @param query those that were given
 * @param body empty where none was given
 * @param gone ends when the caller waits no more
 * @param again makes the same checks once more: whether the caller still may what lasts
 */
record Request(
        String operation,
        String requestId,
        @Nullable Caller who,
        Map<String, Object> path,
        Map<String, Object> query,
        JsonObject body,
        Future<Void> gone,
        Supplier<Future<Request>> again) {
    private static final int LIMIT_DEFAULT = 100;

    Request checkedBy(Supplier<Future<Request>> checks) {
        return new Request(operation, requestId, who, path, query, body, gone, checks);
    }

    Caller caller() {
        return Objects.requireNonNull(who, "this operation takes no key");
    }

    String path(String name) {
        return Objects.requireNonNull(path.get(name), name).toString();
    }

    /** A path parameter whose form the contract has checked, as {@code ImageId::parse} reads it. */
    <T> T path(String name, Function<String, T> parse) {
        return parse.apply(path(name));
    }

    Optional<String> query(String name) {
        return Optional.ofNullable(query.get(name)).map(Object::toString);
    }

    int limit() {
        return query.get("limit") instanceof Number limit ? limit.intValue() : LIMIT_DEFAULT;
    }

    /** Behind which row the page begins, where rows are in the order of ids. */
    Optional<UUID> afterId() {
        return query("cursor").map(Cursor::id);
    }

    /** Behind which row the page begins, where rows are in the order of a text. */
    Optional<String> afterText() {
        return query("cursor").map(Cursor::text);
    }

    Optional<String> text(String field) {
        return Optional.ofNullable(body.getString(field));
    }

    int number(String field, int fallback) {
        return body.getInteger(field, fallback);
    }

    static PlatformException invalid(String field, String message) {
        return PlatformException.invalid(field, message);
    }
}
