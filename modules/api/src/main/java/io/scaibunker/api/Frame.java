package io.scaibunker.api;

import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * One thing told to a watcher.
 *
 * @param id the place in the log to resume behind; null for what is not in the log
 * @param event what kind of thing: {@code snapshot, image, cache, scan, bunker, bunker_snapshot, progress, end}
 */
record Frame(@Nullable Long id, String event, JsonObject data) {

    /** As Server-Sent Events have it. */
    String text() {
        String head = id == null ? "" : "id: " + id + "\n";
        return head + "event: " + event + "\ndata: " + data.encode() + "\n\n";
    }

    JsonObject json() {
        return new JsonObject().put("id", id).put("event", event).put("data", data);
    }
}
