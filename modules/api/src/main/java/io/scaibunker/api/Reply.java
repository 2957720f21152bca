package io.scaibunker.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * What an operation came to, before it is put in the envelope.
 *
 * @param data an object, or the rows of a page
 * @param page set where data is a page
 * @param meta beside the request's id
 * @param type of the data where a caller over HTTP may ask for it alone, without an envelope
 */
record Reply(int status, Object data, Optional<Page> page, JsonObject meta, Optional<String> type) {
    /** @param next cursor of the page behind; empty at the end */
    record Page(Optional<String> next) {}

    static Reply ok(JsonObject data) {
        return of(200, data);
    }

    static Reply created(JsonObject data) {
        return of(201, data);
    }

    static Reply accepted(JsonObject data) {
        return of(202, data);
    }

    private static Reply of(int status, JsonObject data) {
        return new Reply(status, data, Optional.empty(), new JsonObject(), Optional.empty());
    }

    /** @param rows one more than {@code limit} where there are more */
    static <T> Reply page(List<T> rows, int limit, Function<T, JsonObject> view, Function<T, UUID> id) {
        return pageBy(rows, limit, view, row -> Cursor.of(id.apply(row)));
    }

    static <T> Reply pageBy(List<T> rows, int limit, Function<T, JsonObject> view, Function<T, String> cursor) {
        boolean more = rows.size() > limit;
        List<T> shown = more ? rows.subList(0, limit) : rows;
        JsonArray data = new JsonArray(shown.stream().map(view).toList());
        Optional<String> next = more ? Optional.of(cursor.apply(shown.getLast())) : Optional.empty();
        return new Reply(200, data, Optional.of(new Page(next)), new JsonObject(), Optional.empty());
    }

    /** One thing that has a page in it. */
    static <T> Reply pageIn(
            JsonObject data,
            String field,
            List<T> rows,
            int limit,
            Function<T, JsonObject> view,
            Function<T, String> cursor) {
        Reply page = pageBy(rows, limit, view, cursor);
        return new Reply(200, data.put(field, page.data()), page.page(), page.meta(), Optional.empty());
    }

    Reply with(String metaField, JsonObject value) {
        return new Reply(status, data, page, meta.copy().put(metaField, value), type);
    }

    Reply as(String mediaType) {
        return new Reply(status, data, page, meta, Optional.of(mediaType));
    }
}
