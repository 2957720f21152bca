package io.scaibunker.bus;

import io.scaibunker.bus.EventWatch.Event;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Hears what is published about one image or bunker: {@code {"id","event","data"}}, as a watch has it, at
 * {@code scaibunker.events.image.<id>} and {@code scaibunker.events.bunker.<id>}.
 *
 * <p>Cheaper than an {@link EventWatch}, and less: it begins with what happens next, there is no snapshot, no progress and no
 * resume, and what is said while this member is cut off from the publisher is not said again. Whoever acts on what is heard reads
 * how things stand from the api. Events come at least once; a double is dropped here by its id.
 */
public final class PublishedEvents implements AutoCloseable {
    /** Doubles come within seconds, when another node takes over. */
    private static final int REMEMBERED = 4_096;

    private final Map<Long, Boolean> heard = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Consumer<Event> handler;
    private final MessageConsumer<JsonObject> ears;

    PublishedEvents(Vertx vertx, String address, Consumer<Event> handler) {
        this.handler = handler;
        this.ears = vertx.eventBus().consumer(address, this::hear);
    }

    /** Where the events of an image are published. */
    public static String ofImage(String imageId) {
        return "scaibunker.events.image." + imageId;
    }

    /** Where the events of a bunker are published. */
    public static String ofBunker(String bunkerId) {
        return "scaibunker.events.bunker." + bunkerId;
    }

    /** Done when the whole cluster knows that somebody listens here. */
    public Future<Void> begun() {
        return ears.completion();
    }

    private void hear(Message<JsonObject> message) {
        JsonObject told = message.body();
        long id = told.getLong("id");
        synchronized (heard) {
            if (heard.put(id, true) != null) {
                return;
            }
        }
        handler.accept(new Event(id, told.getString("event"), told.getJsonObject("data")));
    }

    @Override
    public void close() {
        ears.unregister();
    }
}
