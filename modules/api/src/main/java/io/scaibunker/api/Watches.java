package io.scaibunker.api;

import io.scaibunker.bus.News;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.UserId;
import io.scaibunker.store.Database;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All watchers of this instance: lets them in, keeps them alive, ends those who may not watch any more.
 *
 * <p>Lives on one event loop.
 */
final class Watches {
    /** Of one user, so that one cannot take all there is. */
    static final int OF_ONE_USER_MAX = 200;

    private final Vertx vertx;
    private final ApiConfig config;
    private final Database database;
    private final EventLog log;
    private final CopyProgress progress;
    private final Map<Watch, Ticket> watches = new LinkedHashMap<>();
    private final Map<ImageId, Set<Watch>> ofImage = new HashMap<>();
    private final Map<UserId, Integer> ofUser = new HashMap<>();
    private final long beating;
    private final Runnable gauge;

    /** Read by whoever looks at the metrics. */
    private final AtomicInteger size = new AtomicInteger();

    /** Finds out what a request wants to watch, and that its caller may: at the beginning and again. */
    @FunctionalInterface
    interface Entrance {
        Future<Subject> pass();
    }

    private record Ticket(UserId userId, Optional<Long> endsAtMillis, Entrance again) {}

    Watches(Vertx vertx, ApiConfig config, Database database, CopyProgress progress) {
        this.vertx = vertx;
        this.config = config;
        this.database = database;
        this.log = new EventLog(vertx, database, config.eventPause());
        this.progress = progress;
        this.gauge = Measure.API_WATCHERS.gauge(size::get);
        this.beating = vertx.setPeriodic(config.watchBeat().toMillis(), tick -> beat());
    }

    /** @throws PlatformException if there are too many */
    void requireRoom(Caller caller) {
        if (watches.size() >= config.watchers()) {
            throw PlatformException.unavailable("a place to watch from", null);
        }
        if (ofUser.getOrDefault(caller.userId(), 0) >= OF_ONE_USER_MAX) {
            throw new PlatformException(
                    ErrorCode.TOO_MANY_WATCHERS, "one user watches " + OF_ONE_USER_MAX + " things at once, at most");
        }
    }

    /** @param entrance asked again whenever somebody's rights have changed */
    void begin(Caller caller, Subject subject, Optional<Long> lastId, EventSink sink, Entrance entrance) {
        Watch watch = new Watch(database, log, subject, sink, this::lookAgain, this::forget);
        watches.put(
                watch,
                new Ticket(
                        caller.userId(),
                        caller.validUntil().map(end -> end.toInstant().toEpochMilli()),
                        entrance));
        size.set(watches.size());
        ofUser.merge(caller.userId(), 1, Integer::sum);
        ofImage.computeIfAbsent(subject.image(), first -> new LinkedHashSet<>()).add(watch);
        watch.start(lastId);
    }

    private void forget(Watch watch) {
        Ticket ticket = watches.remove(watch);
        if (ticket != null) {
            size.set(watches.size());
            ofImage.computeIfPresent(watch.subject().image(), (id, some) -> {
                some.remove(watch);
                return some.isEmpty() ? null : some;
            });
            ofUser.computeIfPresent(ticket.userId(), (user, count) -> count == 1 ? null : count - 1);
        }
    }

    private void lookAgain(Watch watch) {
        Ticket ticket = watches.get(watch);
        if (ticket == null) {
            return;
        }
        Future.succeededFuture().compose(start -> ticket.again().pass()).onFailure(thrown -> {
            // Only who was told no goes: a database that is away is no reason.
            if (thrown instanceof PlatformException told && told.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                watch.end(told.code(), told.text());
            }
        });
    }

    private void beat() {
        long now = System.currentTimeMillis();
        List.copyOf(watches.entrySet()).forEach(entry -> {
            if (entry.getValue().endsAtMillis().filter(end -> end <= now).isPresent()) {
                entry.getKey().end(ErrorCode.AUTH_TOKEN_INVALID, "the token has expired");
            } else {
                entry.getKey().beat();
            }
        });
    }

    /** A worker has told how far it is with a copy. */
    void hear(News.CopyProgressed news) {
        Advance advance = progress.hear(news);
        List.copyOf(ofImage.getOrDefault(news.imageId(), Set.of())).stream()
                .filter(watch -> watch.subject().followsCopyOn(news.workerId()))
                .forEach(watch -> watch.progressed(
                        news.workerId().toString(),
                        advance.event(news, watch.subject().seesWorkers())));
    }

    int size() {
        return watches.size();
    }

    void close() {
        vertx.cancelTimer(beating);
        gauge.run();
        List.copyOf(watches.keySet()).forEach(Watch::over);
    }
}
