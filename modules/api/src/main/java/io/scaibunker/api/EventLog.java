package io.scaibunker.api;

import io.scaibunker.store.Database;
import io.scaibunker.store.Events;
import io.scaibunker.store.Events.Event;
import io.scaibunker.store.Events.Look;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log of events while somebody watches, and tells each event to those it concerns, in the order of ids.
 *
 * <p>Looking often is cheap and never misses: one small read by primary key each {@code pause}, however many watch and
 * whoever wrote. A missing id belongs to a transaction that has not committed, or to one that never will; the reader
 * waits until all that were at work have ended, then passes over it. A transaction that takes longer than its patience does
 * not hold up the others: what it says is passed over and told to nobody who watches then; whoever asks for rows or for the
 * history finds it.
 *
 * <p>Lives on one event loop.
 */
final class EventLog {
    private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
    private static final int BATCH = 500;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long SOON_MILLIS = 5;
    private static final long AFTER_FAILURE_MILLIS = 1_000;

    private final Vertx vertx;
    private final Database database;
    private final Duration pause;
    private final Duration patience;
    private final Map<UUID, Set<Consumer<Event>>> listeners = new HashMap<>();

    /** Null while nobody listens; done when {@link #place} is known. */
    private @Nullable Promise<Void> opened;

    /** Everything up to this id was told. */
    private long place;

    /** Ids up to {@code gapTop} that are missing come from transactions below {@code gapEnds}, or never. */
    private long gapTop;

    private long gapEnds;
    private long gapSince;
    private boolean failing;

    /** Told everything, whomever it concerns. */
    private @Nullable Consumer<Event> follower;

    EventLog(Vertx vertx, Database database, Duration pause) {
        this(vertx, database, pause, PATIENCE);
    }

    /** @param patience how long a transaction may hold up the events behind its own */
    EventLog(Vertx vertx, Database database, Duration pause, Duration patience) {
        this.vertx = vertx;
        this.database = database;
        this.pause = pause;
        this.patience = patience;
    }

    /** Tells {@code listener} all that is behind the id {@code after}, and goes on. For a log that nobody joins. */
    void follow(long after, Consumer<Event> listener) {
        Promise<Void> open = Promise.promise();
        opened = open;
        place = after;
        gapTop = 0;
        follower = listener;
        read(open);
    }

    /** The end of {@link #follow}; what is being read is told to nobody. */
    void unfollow() {
        opened = null;
        follower = null;
    }

    /** Everything up to this id was told. */
    long place() {
        return place;
    }

    /**
     * Tells {@code listener} from now on what happens to {@code subject}, and what concerns all.
     *
     * @return a place in the log: everything up to it was committed before, all behind it is told
     */
    Future<Long> join(UUID subject, Consumer<Event> listener) {
        listeners.computeIfAbsent(subject, first -> new LinkedHashSet<>()).add(listener);
        Promise<Void> open = opened;
        if (open == null) {
            open = Promise.promise();
            opened = open;
            open(open);
        }
        return open.future().map(known -> place);
    }

    void leave(UUID subject, Consumer<Event> listener) {
        listeners.computeIfPresent(subject, (id, some) -> {
            some.remove(listener);
            return some.isEmpty() ? null : some;
        });
        if (listeners.isEmpty()) {
            opened = null;
        }
    }

    private void open(Promise<Void> open) {
        Events.last(database.client())
                .onSuccess(last -> {
                    place = last.events().isEmpty()
                            ? 0
                            : last.events().getFirst().id();
                    gapTop = 0;
                    settle(open, last.nextNumber(), System.nanoTime());
                })
                .onFailure(thrown -> {
                    if (opened == open) {
                        opened = null;
                        listeners.clear();
                    }
                    open.tryFail(thrown);
                });
    }

    /** What was being written below the last id when we looked must be visible to whoever reads rows next. */
    private void settle(Promise<Void> open, long nextNumber, long since) {
        Events.last(database.client()).onComplete(look -> {
            if (look.failed()) {
                open.tryFail(look.cause());
                if (opened == open) {
                    opened = null;
                    listeners.clear();
                }
            } else if (look.result().oldestRunning() >= nextNumber || isOver(since)) {
                open.tryComplete();
                read(open);
            } else {
                vertx.timer(SOON_MILLIS).onSuccess(tick -> settle(open, nextNumber, since));
            }
        });
    }

    private boolean isOver(long since) {
        return System.nanoTime() - since > patience.toNanos();
    }

    /** @param open this opening; a later one reads for itself */
    private void read(Promise<Void> open) {
        if (opened != open) {
            return;
        }
        Events.look(database.client(), place, BATCH).onComplete(look -> {
            if (opened != open) {
                return;
            }
            long wait = look.succeeded() ? tell(look.result()) : failed(look.cause());
            if (wait == 0) {
                read(open);
            } else {
                vertx.timer(wait).onSuccess(tick -> read(open));
            }
        });
    }

    private long failed(Throwable thrown) {
        if (!failing) {
            LOG.warn("the log of events cannot be read, watchers wait: {}", thrown.getMessage());
        }
        failing = true;
        return AFTER_FAILURE_MILLIS;
    }

    /** @return how long to wait before the next look, in milliseconds */
    private long tell(Look look) {
        failing = false;
        for (Event event : look.events()) {
            if (event.id() != place + 1 && !isGapOver(event, look)) {
                return SOON_MILLIS;
            }
            place = event.id();
            tell(event);
        }
        return look.events().size() == BATCH ? 0 : pause.toMillis();
    }

    private boolean isGapOver(Event event, Look look) {
        if (event.id() > gapTop) {
            gapTop = look.events().getLast().id();
            gapEnds = look.nextNumber();
            gapSince = System.nanoTime();
        }
        return look.oldestRunning() >= gapEnds || isOver(gapSince);
    }

    private void tell(Event event) {
        if (follower != null) {
            follower.accept(event);
        }
        List<Consumer<Event>> concerned = event.subject()
                .map(subject -> List.copyOf(listeners.getOrDefault(subject, Set.of())))
                .orElseGet(
                        () -> listeners.values().stream().flatMap(Set::stream).toList());
        concerned.forEach(listener -> listener.accept(event));
        if (!concerned.isEmpty()) {
            Measure.API_EVENT_LAG.took(
                    Duration.between(event.at().toInstant(), Instant.now()).toNanos());
        }
    }
}
