package io.scaibunker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Workers.Named;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class FeedersTest {
    private static final Named ONE = new Named(WorkerId.fresh(), "one");
    private static final Named OTHER = new Named(WorkerId.fresh(), "other");

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private Future<Map<String, Named>> workers =
            Future.succeededFuture(Map.of(ONE.id().toString(), ONE));
    private int looks;
    private final Feeders feeders = new Feeders(now::get, () -> {
        looks++;
        return workers;
    });

    @Test
    void whoIsNotKnownIsLookedUpAndThenKnown() {
        assertThat(feeders.of(ONE.id().toString())).isEmpty();
        assertThat(feeders.of(ONE.id().toString())).contains(ONE);
        assertThat(looks).isEqualTo(1);
    }

    @Test
    void whoIsNowhereIsLookedForNowAndThenHoweverOftenItIsAsked() {
        for (int asked = 0; asked < 1000; asked++) {
            assertThat(feeders.of(OTHER.id().toString())).isEmpty();
        }
        assertThat(looks).isEqualTo(1);
        pass(Feeders.UNKNOWN_FOR);
        feeders.of(OTHER.id().toString());
        assertThat(looks).isEqualTo(2);
    }

    @Test
    void whoIsCalledOtherwiseIsKnownByThatAfterAWhile() {
        Named renamed = new Named(ONE.id(), "renamed");
        feeders.of(ONE.id().toString());
        workers = Future.succeededFuture(Map.of(ONE.id().toString(), renamed));
        pass(Feeders.KNOWN_FOR);
        feeders.of(ONE.id().toString());
        assertThat(feeders.of(ONE.id().toString())).contains(renamed);
    }

    @Test
    void aLookThatFailsForgetsNobody() {
        feeders.of(ONE.id().toString());
        workers = Future.failedFuture("the database is away");
        pass(Feeders.KNOWN_FOR);
        feeders.of(ONE.id().toString());
        assertThat(feeders.of(ONE.id().toString())).contains(ONE);
    }

    private void pass(Duration time) {
        now.updateAndGet(before -> before.plus(time).plusMillis(1));
    }
}
