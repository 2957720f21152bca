package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HoldersTest {
    private final AtomicLong now = new AtomicLong();
    private final Holders holders = new Holders(List.of("a", "b"), Duration.ofSeconds(60), now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private List<String> askable() {
        holders.again();
        List<String> all = new ArrayList<>();
        for (Optional<String> peer = holders.next(); peer.isPresent(); peer = holders.next()) {
            all.add(peer.get());
        }
        return all;
    }

    @Test
    void whoFailsIsAskedAgainAfterPausesThatGrow() {
        assertThat(askable()).containsExactly("a", "b");
        long[] pauses = {250, 500, 1000, 2000, 4000, 5000, 5000};
        for (long pause : pauses) {
            holders.failed("a");
            pass(Duration.ofMillis(pause - 1));
            assertThat(askable()).containsExactly("b");
            pass(Duration.ofMillis(1));
            assertThat(askable()).containsExactly("a", "b");
        }
    }

    @Test
    void whatComesMakesThePausesShortAgain() {
        for (int time = 0; time < 5; time++) {
            holders.failed("a");
        }
        holders.gave("a");
        assertThat(askable()).containsExactly("a", "b");
        holders.failed("a");
        pass(Duration.ofMillis(250));
        assertThat(askable()).containsExactly("a", "b");
    }

    @Test
    void itIsGivenUpWhenNobodyGaveAnythingForAWhile() {
        for (int second = 0; second < 59; second++) {
            holders.failed("a");
            holders.failed("b");
            pass(Duration.ofSeconds(1));
            assertThat(holders.isHopeless()).isFalse();
        }
        holders.gave("b");
        pass(Duration.ofSeconds(59));
        assertThat(holders.isHopeless()).isFalse();
        // Who is busy is there.
        holders.busy("a", List.of());
        pass(Duration.ofSeconds(59));
        assertThat(holders.isHopeless()).isFalse();
        pass(Duration.ofSeconds(1));
        assertThat(holders.isHopeless()).isTrue();
    }

    @Test
    void whoHasNothingOrLiedIsNotAskedAgain() {
        holders.drop("a");
        assertThat(askable()).containsExactly("b");
        assertThat(holders.isHopeless()).isFalse();
        holders.busy("b", List.of("a", "c"));
        assertThat(askable()).containsExactly("c", "b");
        holders.drop("b");
        assertThat(holders.isHopeless()).isTrue();
        holders.found(List.of("a", "d"));
        assertThat(holders.isHopeless()).isFalse();
        assertThat(askable()).containsExactly("d");
    }

    @Test
    void itIsTimeToLookNowAndThenWhileNothingComes() {
        pass(Duration.ofMillis(9_999));
        assertThat(holders.isTimeToLook()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(holders.isTimeToLook()).isTrue();
        assertThat(holders.isTimeToLook()).isFalse();
        pass(Duration.ofSeconds(9));
        holders.gave("a");
        pass(Duration.ofSeconds(9));
        assertThat(holders.isTimeToLook()).isFalse();
    }
}
