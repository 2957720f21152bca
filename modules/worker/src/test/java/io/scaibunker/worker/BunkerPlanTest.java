package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Room;
import io.scaibunker.worker.BunkerPlan.Here;
import io.scaibunker.worker.BunkerPlan.Seen;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BunkerPlanTest {
    private static final IncarnationId SELF = IncarnationId.fresh();
    private static final Failure FAILURE = new Failure(ErrorCode.MACHINE_FAILED, "gone");
    private static final Seen FAILED = new Seen(Here.ENDED, FAILURE, null, null, false);

    @Test
    void aNewBunkerBootsWhereItsCopyIs() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.RUN, null), Optional.empty(), true))
                .isEqualTo(new BunkerPlan.Boot());
    }

    @Test
    void aNewBunkerWaitsForItsCopy() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.RUN, null), Optional.empty(), false))
                .isEqualTo(new BunkerPlan.WaitForCopy());
    }

    @Test
    void aBunkerThatWasBootedOnceIsNeverBootedTwice() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.empty(), true))
                .isEqualTo(new BunkerPlan.Report(
                        BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, "its machine is gone")));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, IncarnationId.fresh()), Optional.empty(), true))
                .isEqualTo(new BunkerPlan.Report(
                        BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, "its worker was started anew")));
    }

    @Test
    void aRunningBunkerIsReportedUntilTheRowSaysSo() {
        assertThat(next(
                        row(BunkerStatus.PROVISIONING, BunkerIntent.RUN, SELF),
                        Optional.of(Seen.of(Here.RUNNING)),
                        true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.RUNNING, null));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(Seen.of(Here.RUNNING)), true))
                .isEqualTo(new BunkerPlan.Nothing());
    }

    @Test
    void whatShouldEndIsEndedAlsoWhileItBoots() {
        assertThat(next(
                        row(BunkerStatus.PROVISIONING, BunkerIntent.END, SELF),
                        Optional.of(Seen.of(Here.BOOTING)),
                        true))
                .isEqualTo(new BunkerPlan.End(null));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Seen.of(Here.RUNNING)), true))
                .isEqualTo(new BunkerPlan.End(null));
    }

    @Test
    void aStoppedBunkerIsBootedAgainUnlessItsEndIsAsked() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(Seen.of(Here.STOPPED)), true))
                .isEqualTo(new BunkerPlan.Boot());
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Seen.of(Here.STOPPED)), true))
                .isEqualTo(new BunkerPlan.End(null));
    }

    @Test
    void endingIsAskedOnce() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Seen.of(Here.ENDING)), true))
                .isEqualTo(new BunkerPlan.Nothing());
    }

    @Test
    void whatShouldEndAndIsNotHereIsOver() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.END, null), Optional.empty(), true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.TERMINATED, null));
    }

    @Test
    void aMachineThatEndedByItselfIsAFailureUnlessItsEndWasAsked() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(FAILED), true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.FAILED, FAILURE));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(FAILED), true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.TERMINATED, null));
    }

    @Test
    void whatNobodyUsesEndsUnlessItIsPaused() {
        var row = row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF);
        var unused = new Seen(Here.RUNNING, null, null, 1L, true);
        assertThat(next(row, Optional.of(unused), true)).isEqualTo(new BunkerPlan.End(EndReason.IDLE));
        var paused = row(BunkerStatus.RUNNING, BunkerIntent.PAUSE, SELF);
        assertThat(next(paused, Optional.of(unused), true)).isEqualTo(new BunkerPlan.Pause());
    }

    @Test
    void sinceWhenItIsIdleIsToldUntilTheRowSaysSo() {
        var row = row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF);
        var idle = new Seen(Here.RUNNING, null, null, 1L, false);
        assertThat(next(row, Optional.of(idle), true)).isEqualTo(new BunkerPlan.Report(BunkerStatus.RUNNING, null));
    }

    @Test
    void aBunkerIsPausedAndGoesOnAsItsRowWants() {
        var pause = row(BunkerStatus.RUNNING, BunkerIntent.PAUSE, SELF);
        var run = row(BunkerStatus.PAUSED, BunkerIntent.RUN, SELF);
        assertThat(next(pause, Optional.of(Seen.of(Here.RUNNING)), true)).isEqualTo(new BunkerPlan.Pause());
        assertThat(next(pause, Optional.of(Seen.of(Here.SWITCHING)), true)).isEqualTo(new BunkerPlan.Nothing());
        assertThat(next(pause, Optional.of(Seen.of(Here.PAUSED)), true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.PAUSED, null));
        assertThat(next(run, Optional.of(Seen.of(Here.PAUSED)), true)).isEqualTo(new BunkerPlan.Resume());
        assertThat(next(row(BunkerStatus.PAUSED, BunkerIntent.END, SELF), Optional.of(Seen.of(Here.PAUSED)), true))
                .isEqualTo(new BunkerPlan.End(null));
    }

    @Test
    void whatBeganToEndInAnEarlierRunGoesOnEnding() {
        var row = row(BunkerStatus.TERMINATING, BunkerIntent.RUN, IncarnationId.fresh());
        assertThat(next(row, Optional.of(Seen.of(Here.RUNNING)), true)).isEqualTo(new BunkerPlan.End(null));
        assertThat(next(row, Optional.empty(), true)).isEqualTo(new BunkerPlan.Report(BunkerStatus.TERMINATED, null));
    }

    private static BunkerPlan.Step next(WantedBunker row, Optional<Seen> here, boolean copyHere) {
        return BunkerPlan.next(row, here, copyHere, SELF);
    }

    private static WantedBunker row(BunkerStatus status, BunkerIntent intent, @Nullable IncarnationId incarnation) {
        return new WantedBunker(
                BunkerId.fresh(),
                1,
                intent,
                status,
                ImageId.fresh(),
                null,
                "b",
                new Room(1000, 128, 64),
                Map.of(),
                incarnation,
                LifecycleMode.EPHEMERAL,
                600,
                null,
                null,
                RestartPolicy.NEVER);
    }
}
