package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens to an image or a bunker, told to a service of the cluster. When the api node that told it dies or is silent
 * for too long, another one goes on behind the last event; no change is told twice.
 */
public final class EventWatch implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /**
     * @param id its place in the log; null for what is not in the log: {@code snapshot}'s first parts, {@code progress},
     *     {@code end}
     * @param event {@code snapshot, image, cache, scan, bunker, bunker_snapshot, progress}, or {@code end} when there will be no more
     */
    public record Event(@Nullable Long id, String event, JsonObject data) {}

    private final Vertx vertx;
    private final Function<JsonObject, Future<JsonObject>> ask;
    private final JsonObject request;
    private final Consumer<Event> handler;
    private final Promise<Void> begun = Promise.promise();
    private final long timer;
    private @Nullable MessageConsumer<JsonObject> ears;
    private @Nullable Long last;
    private long heardAt = System.nanoTime();
    private volatile boolean closed;

    /**
     * @param ask calls the operation
     * @param request what to watch
     * @param last the last event that was seen; null: begin with how things stand
     * @param silence after which the other side counts as dead
     */
    EventWatch(
            Vertx vertx,
            Function<JsonObject, Future<JsonObject>> ask,
            JsonObject request,
            @Nullable Long last,
            Duration silence,
            Consumer<Event> handler) {
        this.vertx = vertx;
        this.ask = ask;
        this.request = request;
        this.handler = handler;
        this.last = last;
        this.timer = vertx.setPeriodic(Math.max(1, silence.toMillis() / 4), tick -> {
            if (System.nanoTime() - heardAt > silence.toNanos()) {
                begin();
            }
        });
        begin();
    }

    /** Done when the watch has begun; fails when the caller may not watch this, or it is not there. */
    public Future<Void> begun() {
        return begun.future();
    }

    private synchronized void begin() {
        if (closed) {
            return;
        }
        heardAt = System.nanoTime();
        forgetEars();
        // A new address each time: whoever still tells to the old one finds nobody there, and stops.
        String address = "scaibunker.watcher." + UUID.randomUUID();
        MessageConsumer<JsonObject> listening = vertx.eventBus().consumer(address, this::hear);
        ears = listening;
        JsonObject asked = request.copy().put("deliver_to", address);
        if (last != null) {
            asked.put("query", new JsonObject().put("last_event_id", last));
        }
        listening
                .completion()
                .compose(known -> ask.apply(asked))
                .onSuccess(told -> begun.tryComplete())
                .onFailure(this::failed);
    }

    private void failed(Throwable thrown) {
        boolean passing = thrown instanceof PlatformException told && told.code() == ErrorCode.SERVICE_UNAVAILABLE;
        if (closed) {
            return;
        }
        if (passing) {
            vertx.timer(PAUSE.toMillis()).onSuccess(tick -> begin());
            return;
        }
        String code = thrown instanceof PlatformException told ? told.code().name() : ErrorCode.INTERNAL.name();
        close();
        if (!begun.tryFail(thrown)) {
            handler.accept(new Event(
                    null,
                    "end",
                    new JsonObject().put("code", code).put("message", String.valueOf(thrown.getMessage()))));
        }
    }

    private void hear(Message<JsonObject> message) {
        heardAt = System.nanoTime();
        message.body().getJsonArray("events").forEach(each -> tell((JsonObject) each));
        message.reply(new JsonObject());
    }

    private synchronized void tell(JsonObject told) {
        Long id = told.getLong("id");
        boolean again = id != null && last != null && id <= last && !"snapshot".equals(told.getString("event"));
        if (closed || again) {
            return;
        }
        if (id != null) {
            last = id;
        }
        String event = told.getString("event");
        if ("end".equals(event)) {
            end(told.getJsonObject("data"));
        } else {
            handler.accept(new Event(id, event, told.getJsonObject("data")));
        }
    }

    /** A part of the platform that is away ends nothing for us: another takes over. */
    private void end(JsonObject why) {
        if (ErrorCode.SERVICE_UNAVAILABLE.name().equals(why.getString("code"))) {
            vertx.timer(PAUSE.toMillis()).onSuccess(tick -> begin());
        } else {
            close();
            handler.accept(new Event(null, "end", why));
        }
    }

    private void forgetEars() {
        MessageConsumer<JsonObject> old = ears;
        if (old != null) {
            old.unregister();
        }
    }

    /** Ends it from this side. */
    @Override
    public synchronized void close() {
        closed = true;
        vertx.cancelTimer(timer);
        forgetEars();
    }
}
