package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Room;
import io.scaibunker.worker.BunkerPlan.Here;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BunkerTest {
    private static final int LIMIT_S = 600;

    @Test
    void idleIsWhatNobodyUsesAlsoOverARestartOfTheWorker() {
        var bunker = running(RestartPolicy.NEVER);
        assertThat(bunker.seen().idleSince()).isNull();
        var before = ago(LIMIT_S / 2);
        bunker.idleSince(before);
        assertThat(bunker.seen()).isEqualTo(seen(before, false));
        var longBefore = ago(LIMIT_S + 1);
        bunker.idleSince(longBefore);
        assertThat(bunker.seen()).isEqualTo(seen(longBefore, true));
        bunker.idleSince(Instant.MAX);
        assertThat(bunker.seen()).isEqualTo(seen(longBefore, true));
    }

    @Test
    void aCommandThatRunsIsUseHoweverQuietAndATerminalIsOnlyByItsTraffic() {
        var bunker = running(RestartPolicy.NEVER);
        bunker.idleSince(ago(LIMIT_S + 1));
        var command = bunker.use(true);
        assertThat(bunker.seen().unused()).isFalse();
        command.end();
        command.end();
        assertThat(bunker.seen().idleSince()).isNull();
        var terminal = running(RestartPolicy.NEVER);
        terminal.idleSince(ago(LIMIT_S + 1));
        terminal.use(false);
        assertThat(terminal.seen().idleSince()).isNull();
    }

    @Test
    void whatTheRowSaysOfATimeBeforeIsNothingToOneThatIsUsedNow() {
        var bunker = running(RestartPolicy.NEVER);
        bunker.use(true).end();
        bunker.idleSince(ago(LIMIT_S + 1));
        assertThat(bunker.seen().unused()).isFalse();
    }

    @Test
    void aPauseIsNotIdleAndItsEndBeginsAnew() {
        var bunker = running(RestartPolicy.NEVER);
        bunker.idleSince(ago(LIMIT_S + 1));
        bunker.moved(Here.PAUSED);
        assertThat(bunker.seen()).isEqualTo(BunkerPlan.Seen.of(Here.PAUSED));
        bunker.moved(Here.SWITCHING);
        bunker.moved(Here.RUNNING);
        assertThat(bunker.seen()).isEqualTo(BunkerPlan.Seen.of(Here.RUNNING));
    }

    @Test
    void itComesBackAsItsPolicyHasItButAFirstBootIsNotRepeated() {
        assertThat(new Bunker(wanted(RestartPolicy.ALWAYS)).comesBack(false)).isFalse();
        assertThat(running(RestartPolicy.ALWAYS).comesBack(true)).isTrue();
        assertThat(running(RestartPolicy.ON_FAILURE).comesBack(true)).isFalse();
        assertThat(running(RestartPolicy.ON_FAILURE).comesBack(false)).isTrue();
        assertThat(running(RestartPolicy.NEVER).comesBack(false)).isFalse();
    }

    @Test
    void oneThatAnEarlierRunHasBootedIsNotAtItsFirstBoot() {
        assertThat(Bunker.adopted(wanted(RestartPolicy.ALWAYS)).comesBack(false))
                .isTrue();
        assertThat(Bunker.adopted(wanted(RestartPolicy.ON_FAILURE)).comesBack(false))
                .isTrue();
        assertThat(Bunker.adopted(wanted(RestartPolicy.NEVER)).comesBack(false)).isFalse();
    }

    @Test
    void eachQuickEndIsCountedAndMakesTheNextPauseLonger() {
        var first = running(RestartPolicy.ALWAYS);
        first.moved(Here.STOPPED);
        assertThat(first.pauseNanos()).isBetween(900_000_000L, 1_000_000_000L);
        var second = first.again(first.wanted());
        assertThat(second.quickEnds()).isEqualTo(1);
        assertThat(second.comesBack(false)).isTrue();
        second.moved(Here.STOPPED);
        assertThat(second.pauseNanos()).isBetween(1_900_000_000L, 2_000_000_000L);
        assertThat(second.again(second.wanted()).quickEnds()).isEqualTo(2);
    }

    private static BunkerPlan.Seen seen(Instant since, boolean unused) {
        return new BunkerPlan.Seen(Here.RUNNING, null, null, since.toEpochMilli(), unused);
    }

    private static Instant ago(int seconds) {
        return Instant.now().minusSeconds(seconds).truncatedTo(ChronoUnit.MILLIS);
    }

    private static Bunker running(RestartPolicy policy) {
        var bunker = new Bunker(wanted(policy));
        bunker.moved(Here.RUNNING);
        return bunker;
    }

    static WantedBunker wanted(RestartPolicy policy) {
        return new WantedBunker(
                BunkerId.fresh(),
                1,
                BunkerIntent.RUN,
                BunkerStatus.PENDING,
                ImageId.fresh(),
                null,
                "b",
                new Room(1000, 128, 64),
                Map.of(),
                null,
                LifecycleMode.PERSISTENT,
                LIMIT_S,
                null,
                null,
                policy);
    }
}
