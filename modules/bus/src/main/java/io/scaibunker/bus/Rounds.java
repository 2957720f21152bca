package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a room's {@code drain()}: at start, at every nudge, and by a slow timer, one round at a time. A nudge during a
 * round makes one more round follow it, since the round may have looked before the nudge's cause was there.
 *
 * <p>Lives on one event loop.
 */
public final class Rounds {
    private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);

    private final Vertx vertx;
    private final String name;
    private final Supplier<Future<?>> drain;
    private final long timer;
    private boolean running;
    private boolean again;
    private boolean stopped;
    private boolean failing;
    private Future<?> current = Future.succeededFuture();

    /**
     * @param name for the log
     * @param sweep how long a lost nudge may cost
     */
    public Rounds(Vertx vertx, String name, Duration sweep, Supplier<Future<?>> drain) {
        this.vertx = vertx;
        this.name = name;
        this.drain = drain;
        this.timer = vertx.setPeriodic(sweep.toMillis(), tick -> nudge());
    }

    /** Looks now, or once more after the round under way. */
    public void nudge() {
        if (stopped) {
            return;
        }
        if (running) {
            again = true;
            return;
        }
        running = true;
        again = false;
        Promise<Void> over = Promise.promise();
        current = over.future();
        Future.succeededFuture()
                .compose(start -> drain.get())
                .onSuccess(done -> failing = false)
                .onFailure(this::failed)
                .onComplete(done -> {
                    running = false;
                    over.complete();
                    if (again) {
                        nudge();
                    }
                });
    }

    /** Said once until a round succeeds again: while the database or another room is away, every round fails. */
    private void failed(Throwable thrown) {
        if (thrown instanceof PlatformException known && known.code() == ErrorCode.SERVICE_UNAVAILABLE) {
            if (!failing) {
                LOG.warn("a round of {} failed, the next ones try again: {}", name, known.text());
            }
        } else {
            LOG.error("a round of {} failed, the next one tries again", name, thrown);
        }
        failing = true;
    }

    /** No more rounds; done when the one under way is. */
    public Future<?> stop() {
        stopped = true;
        vertx.cancelTimer(timer);
        return current;
    }
}
