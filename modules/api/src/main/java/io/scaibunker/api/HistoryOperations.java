package io.scaibunker.api;

import io.scaibunker.store.Database;
import io.scaibunker.store.Events;
import io.scaibunker.store.Events.Event;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.UUID;

/** What happened to an image or a bunker, the newest first: the log that watchers follow, read backwards. */
final class HistoryOperations {
    private final Database database;
    private final BunkerOperations bunkers;

    HistoryOperations(Database database, BunkerOperations bunkers) {
        this.database = database;
        this.bunkers = bunkers;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("listImageEvents", this::ofImage);
        operations.put("listBunkerEvents", this::ofBunker);
    }

    private Future<Reply> ofImage(Request request) {
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .compose(image -> page(request, image.id().value()));
    }

    private Future<Reply> ofBunker(Request request) {
        return bunkers.seen(request).compose(bunker -> page(request, bunker.id().value()));
    }

    private Future<Reply> page(Request request, UUID subject) {
        long before = request.afterText().map(HistoryOperations::id).orElse(Long.MAX_VALUE);
        int limit = request.limit();
        return Events.backwards(database.client(), subject, before, limit + 1)
                .map(events -> Reply.pageBy(
                        events, limit, HistoryOperations::view, event -> Cursor.of(Long.toString(event.id()))));
    }

    private static long id(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw Cursor.foreign();
        }
    }

    private static JsonObject view(Event event) {
        return new JsonObject()
                .put("id", event.id())
                .put("at", Shown.time(event.at()))
                .put("kind", event.kind())
                .put("data", event.body());
    }
}
