package io.scaibunker.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.testkit.Eventually;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RoundsTest {
    private static final Duration NEVER = Duration.ofHours(1);

    private final Vertx vertx = Vertx.vertx();
    private final Context loop = vertx.getOrCreateContext();
    private final AtomicInteger rounds = new AtomicInteger();

    @AfterEach
    void close() {
        vertx.close().await();
    }

    @Test
    void nudgesDuringARoundGiveOneMore() {
        List<Promise<Void>> under = new CopyOnWriteArrayList<>();
        Rounds room = room(NEVER, () -> {
            Promise<Void> round = Promise.promise();
            under.add(round);
            return round.future();
        });
        nudge(room);
        nudge(room);
        nudge(room);
        assertThat(under).hasSize(1);
        on(() -> under.get(0).complete());
        assertThat(under).hasSize(2);
        on(() -> under.get(1).complete());
        assertThat(under).hasSize(2);
    }

    @Test
    void aFailureDoesNotStopTheNextRound() {
        Rounds room = room(NEVER, () -> {
            if (rounds.incrementAndGet() == 1) {
                throw new IllegalStateException("thrown on purpose");
            }
            return Future.failedFuture("failed on purpose");
        });
        nudge(room);
        nudge(room);
        nudge(room);
        assertThat(rounds).hasValue(3);
    }

    @Test
    void theTimerLooksWithoutANudge() {
        room(Duration.ofMillis(10), () -> {
            rounds.incrementAndGet();
            return Future.succeededFuture();
        });
        Eventually.eventually(() -> assertThat(rounds).hasValueGreaterThan(2));
    }

    @Test
    void stoppingWaitsForTheRoundUnderWayAndBeginsNoOther() {
        Promise<Void> under = Promise.promise();
        Rounds room = room(Duration.ofMillis(10), () -> {
            rounds.incrementAndGet();
            return under.future();
        });
        Eventually.eventually(() -> assertThat(rounds).hasValue(1));
        nudge(room);
        Future<?> stopped = call(room::stop);
        assertThat(stopped.isComplete()).isFalse();
        on(under::complete);
        stopped.await();
        nudge(room);
        assertThat(rounds).hasValue(1);
    }

    @Test
    void stoppingWaitsForTheRoundThatANudgeInsideAnotherBegan() {
        Promise<Void> second = Promise.promise();
        Rounds[] self = new Rounds[1];
        self[0] = room(NEVER, () -> {
            if (rounds.incrementAndGet() == 1) {
                self[0].nudge();
                return Future.succeededFuture();
            }
            return second.future();
        });
        nudge(self[0]);
        assertThat(rounds).hasValue(2);
        Future<?> stopped = call(self[0]::stop);
        assertThat(stopped.isComplete()).isFalse();
        on(second::complete);
        stopped.await();
    }

    @Test
    void stoppingAfterAFailedRoundSucceeds() {
        Rounds room = room(NEVER, () -> Future.failedFuture("failed on purpose"));
        nudge(room);
        call(room::stop).await();
    }

    private Rounds room(Duration sweep, Supplier<Future<?>> drain) {
        return call(() -> new Rounds(vertx, "test", sweep, drain));
    }

    private void nudge(Rounds room) {
        on(room::nudge);
    }

    /** Runs on the event loop and waits until it, and what it set off there, is done. */
    private void on(Runnable work) {
        call(() -> {
            work.run();
            return work;
        });
        call(() -> work);
    }

    private <T> T call(Supplier<T> work) {
        Promise<T> done = Promise.promise();
        loop.runOnContext(now -> {
            try {
                done.complete(work.get());
            } catch (RuntimeException e) {
                done.fail(e);
            }
        });
        return done.future().await();
    }
}
