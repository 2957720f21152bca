package io.scaibunker.api;

import io.scaibunker.bus.PublishedEvents;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.store.Database;
import io.scaibunker.store.Events.Event;
import io.scaibunker.store.Publications;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes each event on the bus, under the address of the image or bunker that it is about.
 *
 * <p>Of all api instances one does it, the one that has the lease in {@code publications}; the row also says how far it has got, so
 * that whoever takes over goes on behind it. What was published since that was written last is published again: each event at
 * least once, in order, and its id tells a double. Who stops hands the lease back; after who dies another one begins when it has
 * ended.
 *
 * <p>Lives on one event loop.
 */
final class EventPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(EventPublisher.class);

    /** How often the place is written, and by others looked whether the work is free. */
    private static final Duration TURN = Duration.ofSeconds(1);

    private static final Duration LEASE = Duration.ofSeconds(5);

    /** Rarer than for watchers: this one is at work whether anybody listens or not. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** Longer than any transaction of ours: what is published late is better than what is left out. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final Database database;
    private final EventLog log;
    private final IncarnationId self = IncarnationId.fresh();
    private final long turning;
    private Future<?> turn = Future.succeededFuture();
    private boolean publishing;
    private boolean closed;

    /** What had been published a turn ago: has left by now, so that its loss with this process is out of question. */
    private long settled;

    /** By the clock of this process, counted from before the lease was asked for: it ends no later than the row says. */
    private long leaseEnds;

    EventPublisher(Vertx vertx, Database database) {
        this.vertx = vertx;
        this.database = database;
        this.log = new EventLog(vertx, database, PAUSE, PATIENCE);
        this.turning = vertx.setPeriodic(TURN.toMillis(), tick -> turn());
        turn();
    }

    private void turn() {
        if (!turn.isComplete()) {
            return;
        }
        long asked = System.nanoTime();
        turn = publishing ? goOn(asked) : begin(asked);
        turn.onFailure(thrown -> LOG.debug("whose turn it is to publish is not known now: {}", thrown.getMessage()));
    }

    private Future<?> begin(long asked) {
        return Publications.claim(database.client(), self, LEASE)
                .onSuccess(place -> place.ifPresent(behind -> {
                    if (!closed) {
                        LOG.info("publishes events on the bus, behind {}", behind);
                        publishing = true;
                        leaseEnds = asked + LEASE.toNanos();
                        log.follow(behind, this::publish);
                    }
                }));
    }

    private Future<?> goOn(long asked) {
        long place = log.place();
        return Publications.advance(database.client(), self, settled, LEASE).onSuccess(mine -> {
            if (mine) {
                settled = place;
                leaseEnds = asked + LEASE.toNanos();
            } else {
                rest();
            }
        });
    }

    private void rest() {
        if (publishing) {
            LOG.info("does not publish events any more");
        }
        publishing = false;
        log.unfollow();
    }

    private void publish(Event event) {
        // Who was frozen, or without the database, may not be the one any more: it asks for the work again, and where
        // to go on.
        if (System.nanoTime() - leaseEnds > 0) {
            rest();
            return;
        }
        event.subject().ifPresent(subject -> {
            String address = switch (event.kind()) {
                case "bunker", "bunker_snapshot" -> PublishedEvents.ofBunker(new BunkerId(subject).toString());
                default -> PublishedEvents.ofImage(new ImageId(subject).toString());
            };
            Frame frame = new Frame(event.id(), event.kind(), WatchOperations.told(event));
            vertx.eventBus().publish(address, frame.json());
        });
    }

    /** Hands the work to another one. */
    Future<?> close() {
        closed = true;
        vertx.cancelTimer(turning);
        return turn.otherwiseEmpty().compose(over -> {
            if (!publishing) {
                return Future.succeededFuture();
            }
            publishing = false;
            log.unfollow();
            return Publications.giveUp(database.client(), self, settled);
        });
    }
}
