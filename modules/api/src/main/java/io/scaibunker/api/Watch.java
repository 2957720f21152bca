package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.store.Database;
import io.scaibunker.store.Events;
import io.scaibunker.store.Events.Event;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlConnection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watcher: a snapshot or what it has missed, then each change in order, with progress between. What a slow watcher has
 * not taken is bounded: progress is replaced by newer progress, and who lets too many changes pile up is cut off; it
 * comes again with the last id it saw.
 *
 * <p>Lives on one event loop.
 */
final class Watch {
    static final int WAITING_MAX = 1_000;
    private static final int PAGE = 200;

    /** After so many beats in a row without taking anything a watcher counts as gone. */
    private static final int BEATS_FULL_MAX = 2;

    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

    private final Database database;
    private final EventLog log;
    private final Subject subject;
    private final EventSink sink;
    private final Consumer<Watch> onAccess;
    private final Consumer<Watch> onEnd;
    private final Consumer<Event> listener = this::hear;

    /** Sent in this order, as fast as they are taken. */
    private final Deque<Frame> waiting = new ArrayDeque<>();

    /** The latest progress not sent yet, by worker. */
    private final Map<String, Frame> progress = new LinkedHashMap<>();

    /** What happened while the snapshot was read, or what was missed was sent. */
    private final List<Event> held = new ArrayList<>();

    /** What the snapshot has told already, though the log tells it later. */
    private final Set<Long> told = new HashSet<>();

    private @Nullable Promise<Void> taken;
    private boolean live;
    private boolean ended;
    private int beatsFull;

    /**
     * @param onAccess called when somebody's rights have changed: perhaps this watcher's
     * @param onEnd called once, when it is over
     */
    Watch(
            Database database,
            EventLog log,
            Subject subject,
            EventSink sink,
            Consumer<Watch> onAccess,
            Consumer<Watch> onEnd) {
        this.database = database;
        this.log = log;
        this.subject = subject;
        this.sink = sink;
        this.onAccess = onAccess;
        this.onEnd = onEnd;
    }

    Subject subject() {
        return subject;
    }

    /** @param lastId what the watcher saw last; empty for a new one */
    void start(Optional<Long> lastId) {
        sink.onDrain(this::pump);
        sink.onClose(this::over);
        log.join(subject.id(), listener)
                .compose(place -> whole(lastId, place)
                        .compose(whole -> whole ? replay(lastId.orElseThrow(), place) : snapshot(place)))
                .onSuccess(begun -> goLive())
                .onFailure(thrown -> {
                    LOG.info("a watch of {} could not begin: {}", subject.id(), thrown.getMessage());
                    end(ErrorCode.SERVICE_UNAVAILABLE, "the log of events cannot be read now");
                });
    }

    /** Whether the log still has all behind the last id; an id that it never gave is none of ours. */
    private Future<Boolean> whole(Optional<Long> lastId, long place) {
        return lastId.filter(id -> id <= place)
                .map(id -> Events.reachesBackTo(database.client(), id))
                .orElseGet(() -> Future.succeededFuture(false));
    }

    private Future<Void> replay(long after, long upTo) {
        return Events.of(database.client(), subject.id(), after, upTo, PAGE)
                .compose(page -> send(page.stream().map(this::frame).toList())
                        .compose(sent -> page.size() < PAGE || ended
                                ? Future.<Void>succeededFuture()
                                : replay(page.getLast().id(), upTo)));
    }

    private Future<Void> snapshot(long place) {
        return database.atOneMoment(sql -> parts(sql, place)).compose(parts -> {
            List<Frame> frames = new ArrayList<>();
            for (JsonObject part : parts) {
                boolean more = frames.size() < parts.size() - 1;
                // Only the last part is a place to resume at: who was cut off before it begins anew.
                frames.add(new Frame(more ? null : place, "snapshot", part.put("more", more)));
            }
            return send(frames);
        });
    }

    private Future<List<JsonObject>> parts(SqlConnection sql, long place) {
        return subject.snapshot(sql)
                .compose(parts -> Events.idsOf(sql, subject.id(), place).map(ids -> {
                    told.addAll(ids);
                    return parts;
                }));
    }

    /** Done when all of it was taken. */
    private Future<Void> send(List<Frame> frames) {
        waiting.addAll(frames);
        Promise<Void> promise = Promise.promise();
        taken = promise;
        pump();
        return promise.future();
    }

    private void goLive() {
        live = true;
        held.forEach(this::pass);
        held.clear();
        pump();
    }

    private void hear(Event event) {
        if (event.subject().isEmpty()) {
            onAccess.accept(this);
        } else if (live) {
            pass(event);
            pump();
        } else {
            held.add(event);
            cutOffIfSlow(held.size());
        }
    }

    private void pass(Event event) {
        if (!told.remove(event.id())) {
            waiting.add(frame(event));
            cutOffIfSlow(waiting.size());
        }
    }

    private void cutOffIfSlow(int size) {
        if (size > WAITING_MAX) {
            LOG.info("a watcher of {} does not take what it is told, it is cut off", subject.id());
            over();
        }
    }

    private Frame frame(Event event) {
        return new Frame(event.id(), event.kind(), subject.told(event));
    }

    /** @param key whose progress it is; newer takes the place of older */
    void progressed(String key, JsonObject how) {
        if (live && !ended) {
            progress.put(key, new Frame(null, "progress", how));
            pump();
        }
    }

    private void pump() {
        while (!ended && !sink.isFull()) {
            Frame next = waiting.poll();
            if (next == null) {
                Promise<Void> done = taken;
                taken = null;
                if (done != null) {
                    done.complete();
                }
                next = waiting.isEmpty() ? firstProgress() : waiting.poll();
            }
            if (next == null) {
                return;
            }
            beatsFull = 0;
            sink.send(next);
        }
    }

    private @Nullable Frame firstProgress() {
        var first = progress.entrySet().iterator();
        if (!first.hasNext()) {
            return null;
        }
        Frame frame = first.next().getValue();
        first.remove();
        return frame;
    }

    /** Says now and then that the connection lives, and finds out that it does not. */
    void beat() {
        if (!sink.isFull()) {
            beatsFull = 0;
            sink.beat();
        } else if (++beatsFull > BEATS_FULL_MAX) {
            LOG.info("a watcher of {} takes nothing any more, it is cut off", subject.id());
            over();
        }
    }

    /** Tells why, and ends. */
    void end(ErrorCode why, String message) {
        if (!ended) {
            sink.send(new Frame(
                    null, "end", new JsonObject().put("code", why.name()).put("message", message)));
            over();
        }
    }

    /** Ends without a word. */
    void over() {
        if (!ended) {
            ended = true;
            log.leave(subject.id(), listener);
            waiting.clear();
            progress.clear();
            held.clear();
            sink.close();
            onEnd.accept(this);
        }
    }
}
