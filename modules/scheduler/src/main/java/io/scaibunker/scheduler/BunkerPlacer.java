package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImageStatus;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.scheduler.Fleet.Standing;
import io.scaibunker.scheduler.Placement.Chosen;
import io.scaibunker.scheduler.Placement.Refused;
import io.scaibunker.store.Bookings;
import io.scaibunker.store.Bookings.Outcome;
import io.scaibunker.store.Database;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides who takes bunkers, and books them: all that came while the last batch was booked are the next batch. One statement
 * books a batch and refuses what cannot be; what it refused is decided again by what it said. Nobody is refused by a guess:
 * where nobody takes an order, rows are read after it came, and it is decided once more.
 *
 * <p>Lives on one event loop.
 */
final class BunkerPlacer {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerPlacer.class);

    private static final int WAITING_MAX = 20_000;

    private static final Duration LOOK_AFTER_PARKED = Duration.ofMillis(100);
    private static final long PROMOTE_EVERY = Duration.ofSeconds(10).toNanos();

    private final Context loop;
    private final Database database;
    private final Post post;
    private final CopyEtas etas;
    private final Fleet fleet = new Fleet();
    private final BookingDesk desk;
    private final Parking parking = new Parking();
    private final FleetReader reader;
    private final Map<BunkerId, Order> underWay = new HashMap<>();
    private final WaitingLine waiting = new WaitingLine();
    private final List<Order> doubtful = new ArrayList<>();
    private final Map<ImageId, Long> promoted = new HashMap<>();
    private boolean booking;
    private boolean freshening;
    private boolean mustRead;

    /** @param loop where this lives */
    BunkerPlacer(Context loop, Database database, Post post, CopyEtas etas) {
        this.loop = loop;
        this.database = database;
        this.post = post;
        this.etas = etas;
        this.desk = new BookingDesk(database, post, fleet);
        this.reader = new FleetReader(
                database,
                fleet,
                () -> !parking.isEmpty(),
                images -> queue(parking.leave(images)),
                () -> queue(parking.leaveAll()));
    }

    /** @return the timers, to be cancelled at the end */
    List<Long> start(Vertx vertx) {
        return List.of(
                reader.start(vertx), vertx.setPeriodic(LOOK_AFTER_PARKED.toMillis(), tick -> refuseTheOverdue()));
    }

    /** Asked again with the same id, answers what was booked the first time. */
    Future<Answer.Placement> place(PlaceBunker asked) {
        Order before = underWay.get(asked.bunkerId());
        if (before != null) {
            return before.answered();
        }
        if (underWay.size() >= WAITING_MAX) {
            return Future.failedFuture(PlatformException.unavailable("the scheduler, which has too much to do,", null));
        }
        Order order = new Order(asked);
        underWay.put(asked.bunkerId(), order);
        queue(List.of(order));
        return order.answered().onComplete(done -> {
            underWay.remove(asked.bunkerId());
            Measure.PLACEMENT.took(order.age().toNanos(), outcome(done));
        });
    }

    private static String outcome(AsyncResult<Answer.Placement> done) {
        if (done.failed()) {
            return done.cause() instanceof PlatformException told ? told.code().name() : ErrorCode.INTERNAL.name();
        }
        return done.result() instanceof Answer.Refused refused ? refused.code().name() : "placed";
    }

    private void queue(Collection<Order> orders) {
        waiting.addAll(orders);
        // A batch is the work of several requests, and is told as none's.
        loop.runOnContext(now -> next());
    }

    private void next() {
        if (booking || waiting.isEmpty()) {
            return;
        }
        booking = true;
        List<Order> batch = waiting.nextBatch(System.nanoTime());
        (mustRead ? reader.fresh(images(batch)) : reader.have(images(batch)))
                .compose(known -> {
                    mustRead = false;
                    return decide(batch);
                })
                .onFailure(thrown -> batch.forEach(order -> order.fail(thrown)))
                .onComplete(done -> {
                    booking = false;
                    next();
                });
    }

    private static Set<ImageId> images(Collection<Order> orders) {
        return orders.stream().map(order -> order.asked().imageId()).collect(Collectors.toSet());
    }

    /** Orders that are not answered yet. */
    int waiting() {
        return underWay.size();
    }

    private Future<?> decide(List<Order> batch) {
        Map<Order, Chosen> chosen = new LinkedHashMap<>();
        Map<Order, Refused> refused = new LinkedHashMap<>();
        for (Order order : batch) {
            Optional<Standing> standing = fleet.standing(order.asked().imageId());
            if (standing.isEmpty() && order.looksAgain()) {
                // Read a moment ago, and forgotten since: it changed just now.
                waiting.add(order);
                continue;
            }
            if (standing.isEmpty() || standing.get().image().status() != ImageStatus.ACTIVE) {
                order.fail(Refusals.image(order.asked().imageId(), standing.isPresent()));
                continue;
            }
            switch (Placement.choose(
                    fleet,
                    order.ask(),
                    standing.get(),
                    worker -> etas.of(order.asked().imageId(), worker))) {
                case Chosen here -> {
                    fleet.take(here.slot(), order.asked().room());
                    chosen.put(order, here);
                }
                case Refused why -> {
                    if (fleet.readAt() >= order.since() && standing.get().readAt() >= order.since()) {
                        refused.put(order, why);
                    } else {
                        doubt(order);
                    }
                }
            }
        }
        return Future.join(book(chosen), refuse(refused));
    }

    // --- by a guess nobody is refused ---

    private void doubt(Order order) {
        doubtful.add(order);
        if (!freshening) {
            freshen();
        }
    }

    private void freshen() {
        List<Order> asking = List.copyOf(doubtful);
        doubtful.clear();
        freshening = true;
        reader.fresh(images(asking))
                .onSuccess(read -> queue(asking))
                .onFailure(thrown -> asking.forEach(order -> order.fail(thrown)))
                .onComplete(done -> {
                    freshening = false;
                    if (!doubtful.isEmpty()) {
                        freshen();
                    }
                });
    }

    private Future<?> refuse(Map<Order, Refused> refused) {
        if (refused.isEmpty()) {
            return Future.succeededFuture();
        }
        List<BunkerId> ids =
                refused.keySet().stream().map(order -> order.asked().bunkerId()).toList();
        return Bookings.known(database.client(), ids)
                .onSuccess(known -> refused.forEach((order, why) -> {
                    WorkerId worker = known.get(order.asked().bunkerId());
                    if (worker != null) {
                        order.answer(new Answer.Placed(order.asked().bunkerId(), worker));
                    } else {
                        refuse(order, why);
                    }
                }))
                .recover(thrown -> {
                    // Theirs alone: others of the batch may be booked, or be decided again.
                    refused.keySet().forEach(order -> order.fail(thrown));
                    return Future.succeededFuture(Map.of());
                });
    }

    private void refuse(Order order, Refused why) {
        order.park(why);
        if (why.worthWaiting() && order.mayWait(System.nanoTime()) && parking.park(order)) {
            promote(order.asked().imageId());
        } else {
            answer(order, why);
        }
    }

    private static void answer(Order order, Refused why) {
        LOG.info(
                "nobody takes {} from {}: {}",
                order.asked().bunkerId(),
                order.asked().imageId(),
                why.reasons());
        order.answer(Refusals.of(why));
    }

    private void promote(ImageId image) {
        long now = System.nanoTime();
        promoted.values().removeIf(at -> now - at > PROMOTE_EVERY);
        if (promoted.putIfAbsent(image, now) == null) {
            post.nudge(new Nudge.CopyAwaited(image));
        }
    }

    private void refuseTheOverdue() {
        long now = System.nanoTime();
        parking.leaveIf(order -> !order.mayWait(now))
                .forEach(order -> answer(order, order.refused().orElseThrow()));
    }

    // --- what is chosen is booked, or decided again ---

    private Future<?> book(Map<Order, Chosen> chosen) {
        if (chosen.isEmpty()) {
            return Future.succeededFuture();
        }
        return desk.book(chosen)
                .onSuccess(outcomes -> outcomes.forEach(this::settle))
                .recover(thrown -> {
                    failed(chosen.keySet(), thrown);
                    return Future.succeededFuture();
                });
    }

    private void settle(Order order, Outcome outcome) {
        switch (outcome.fate()) {
            case BOOKED, KNOWN -> order.answer(new Answer.Placed(outcome.id(), outcome.workerId()));
            case DEACTIVATED -> order.fail(Refusals.image(order.asked().imageId(), true));
            case TENANT, USER -> order.answer(Refusals.overQuota(outcome));
            case FULL, AGAIN -> {
                if (order.triesAgain()) {
                    waiting.add(order);
                }
            }
            case ELSEWHERE -> {
                if (order.triesAgain()) {
                    doubt(order);
                }
            }
        }
    }

    /** What one order did wrong must not be another's failure: the next time each is booked by itself. */
    private void failed(Collection<Order> orders, Throwable thrown) {
        mustRead = true;
        boolean away = thrown instanceof PlatformException known && known.code() == ErrorCode.SERVICE_UNAVAILABLE;
        if (away || orders.size() == 1) {
            orders.forEach(order -> order.fail(thrown));
        } else {
            LOG.warn("a batch of {} failed, each is tried by itself", orders.size(), thrown);
            orders.forEach(Order::isolate);
            waiting.addAll(orders);
        }
    }
}
