package io.scaibunker.api;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the scheduler who takes a bunker. Who waits for a copy asks in turns of some seconds, always with the same id: so a
 * scheduler that dies meanwhile is no matter, and nothing goes on for a caller that is gone. What was booked for such a one, or
 * for one who was told that it failed, ends.
 */
final class Placing {
    private static final Logger LOG = LoggerFactory.getLogger(Placing.class);
    private static final Duration TURN = Duration.ofSeconds(2);

    private final Database database;
    private final Post post;
    private final Duration timeout;

    Placing(Database database, Post post, Duration timeout) {
        this.database = database;
        this.post = post;
        this.timeout = timeout;
    }

    /**
     * @param wait how long to wait for a copy
     * @param gone ends when the caller waits no more
     */
    Future<Answer.Placement> place(PlaceBunker order, Duration wait, Future<Void> gone) {
        Future<Answer.Placement> asked = wait.isZero()
                ? post.ask(order, timeout)
                : turn(order, System.nanoTime() + wait.toNanos(), gone)
                        .compose(placement -> gone.isComplete() ? left(placement) : Future.succeededFuture(placement));
        return asked.recover(thrown -> unheard(order, thrown));
    }

    /** An answer that was not heard may have been that it is booked: who is told that it failed must not pay for it. */
    private Future<Answer.Placement> unheard(PlaceBunker order, Throwable thrown) {
        return Bunkers.askEnd(database.client(), order.bunkerId())
                .onSuccess(ended -> {
                    if (ended) {
                        LOG.info("{} was booked and its answer not heard; it ends", order.bunkerId());
                    }
                })
                .transform(asked -> Future.failedFuture(thrown));
    }

    private Future<Answer.Placement> turn(PlaceBunker order, long until, Future<Void> gone) {
        int left = (int) Math.clamp((until - System.nanoTime()) / 1_000_000, 0, TURN.toMillis());
        return post.ask(order.waiting(left), timeout.plusMillis(left)).compose(placement -> {
            boolean goesOn = placement instanceof Answer.Refused refused
                    && refused.worthWaiting()
                    && System.nanoTime() < until
                    && !gone.isComplete();
            return goesOn ? turn(order, until, gone) : Future.succeededFuture(placement);
        });
    }

    private Future<Answer.Placement> left(Answer.Placement placement) {
        if (placement instanceof Answer.Placed placed) {
            LOG.info("{} was waited for by nobody any more and ends", placed.bunkerId());
            return Bunkers.askEnd(database.client(), placed.bunkerId())
                    .onSuccess(asked -> post.nudge(new Nudge.BunkersChanged(placed.workerId())))
                    .compose(asked -> Future.failedFuture(
                            new PlatformException(ErrorCode.CANCELLED, "the caller waited no more")));
        }
        return Future.succeededFuture(placement);
    }
}
