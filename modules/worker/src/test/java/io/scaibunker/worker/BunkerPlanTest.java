package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.Room;
import io.scaibunker.worker.BunkerPlan.Here;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BunkerPlanTest {
    private static final IncarnationId SELF = IncarnationId.fresh();
    private static final Failure FAILURE = new Failure(ErrorCode.MACHINE_FAILED, "gone");

    @Test
    void aNewBunkerBootsWhereItsCopyIs() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.RUN, null), Optional.empty(), null, true))
                .isEqualTo(new BunkerPlan.Boot());
    }

    @Test
    void aNewBunkerWaitsForItsCopy() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.RUN, null), Optional.empty(), null, false))
                .isEqualTo(new BunkerPlan.WaitForCopy());
    }

    @Test
    void aBunkerThatWasBootedOnceIsNeverBootedTwice() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.empty(), null, true))
                .isEqualTo(new BunkerPlan.Report(
                        BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, "its machine is gone")));
        assertThat(next(
                        row(BunkerStatus.RUNNING, BunkerIntent.RUN, IncarnationId.fresh()),
                        Optional.empty(),
                        null,
                        true))
                .isEqualTo(new BunkerPlan.Report(
                        BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, "its worker was started anew")));
    }

    @Test
    void aRunningBunkerIsReportedUntilTheRowSaysSo() {
        assertThat(next(row(BunkerStatus.PROVISIONING, BunkerIntent.RUN, SELF), Optional.of(Here.RUNNING), null, true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.RUNNING, null));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(Here.RUNNING), null, true))
                .isEqualTo(new BunkerPlan.Nothing());
    }

    @Test
    void whatShouldEndIsEndedAlsoWhileItBoots() {
        assertThat(next(row(BunkerStatus.PROVISIONING, BunkerIntent.END, SELF), Optional.of(Here.BOOTING), null, true))
                .isEqualTo(new BunkerPlan.End());
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Here.RUNNING), null, true))
                .isEqualTo(new BunkerPlan.End());
    }

    @Test
    void aStoppedBunkerIsBootedAgainUnlessItsEndIsAsked() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(Here.STOPPED), null, true))
                .isEqualTo(new BunkerPlan.Boot());
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Here.STOPPED), null, true))
                .isEqualTo(new BunkerPlan.End());
    }

    @Test
    void endingIsAskedOnce() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Here.ENDING), null, true))
                .isEqualTo(new BunkerPlan.Nothing());
    }

    @Test
    void whatShouldEndAndIsNotHereIsOver() {
        assertThat(next(row(BunkerStatus.PENDING, BunkerIntent.END, null), Optional.empty(), null, true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.TERMINATED, null));
    }

    @Test
    void aMachineThatEndedByItselfIsAFailureUnlessItsEndWasAsked() {
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.RUN, SELF), Optional.of(Here.ENDED), FAILURE, true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.FAILED, FAILURE));
        assertThat(next(row(BunkerStatus.RUNNING, BunkerIntent.END, SELF), Optional.of(Here.ENDED), FAILURE, true))
                .isEqualTo(new BunkerPlan.Report(BunkerStatus.TERMINATED, null));
    }

    private static BunkerPlan.Step next(
            WantedBunker row, Optional<Here> here, @Nullable Failure failure, boolean copyHere) {
        return BunkerPlan.next(row, here, failure, copyHere, SELF);
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
                0,
                null);
    }
}
