package io.scaibunker.api;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Events.Event;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;
import java.util.UUID;

/** Something that can be watched, as one caller sees it. */
interface Subject {
    UUID id();

    /** The image whose copies' progress concerns it. */
    ImageId image();

    /** Whether that of a copy on this worker does. */
    boolean followsCopyOn(WorkerId workerId);

    /** Whether its watcher may know which worker a copy comes from. */
    boolean seesWorkers();

    /** How it stands, in parts that each fit into one message. */
    Future<List<JsonObject>> snapshot(SqlConnection sql);

    /** What a watcher is told of an event. */
    JsonObject told(Event event);
}
