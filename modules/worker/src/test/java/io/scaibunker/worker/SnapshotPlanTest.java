package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedSnapshot;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.worker.SnapshotPlan.Nothing;
import io.scaibunker.worker.SnapshotPlan.Remove;
import io.scaibunker.worker.SnapshotPlan.Report;
import io.scaibunker.worker.SnapshotPlan.Seen;
import io.scaibunker.worker.SnapshotPlan.Source;
import io.scaibunker.worker.SnapshotPlan.Step;
import io.scaibunker.worker.SnapshotPlan.Take;
import org.junit.jupiter.api.Test;

class SnapshotPlanTest {
    private static final Digest LAYER = new Digest("sha256:" + "1".repeat(64));
    private static final Failure FAILURE = new Failure(ErrorCode.WORKER_DISK_FULL, "full");
    private static final Seen ABSENT = new Seen(null, false, null);
    private static final Seen KEPT = new Seen(LAYER, false, null);
    private static final Seen UNDER_WAY = new Seen(null, true, null);
    private static final Seen FAILED = new Seen(null, false, FAILURE);

    private static Step next(SnapshotStatus status, boolean wanted, Seen seen, Source source) {
        WantedSnapshot row = new WantedSnapshot(
                SnapshotId.fresh(),
                BunkerId.fresh(),
                ImageId.fresh(),
                status,
                wanted,
                status == SnapshotStatus.READY ? LAYER : null);
        return SnapshotPlan.next(row, seen, source);
    }

    @Test
    void itIsTakenOfABunkerThatStandsAndWaitedForOneThatWill() {
        assertThat(next(SnapshotStatus.PENDING, true, ABSENT, Source.STANDS)).isEqualTo(new Take());
        assertThat(next(SnapshotStatus.PENDING, true, ABSENT, Source.SOON)).isEqualTo(new Nothing());
        assertThat(next(SnapshotStatus.PENDING, true, ABSENT, Source.GONE))
                .isInstanceOf(Report.class)
                .extracting(step -> ((Report) step).failure().code())
                .isEqualTo(ErrorCode.WRONG_STATE);
        for (SnapshotStatus status : SnapshotStatus.values()) {
            assertThat(next(status, true, UNDER_WAY, Source.STANDS)).isEqualTo(new Nothing());
            assertThat(next(status, false, UNDER_WAY, Source.STANDS)).isEqualTo(new Nothing());
        }
    }

    @Test
    void whatTheRowDoesNotSayYetIsReported() {
        assertThat(next(SnapshotStatus.CREATING, true, KEPT, Source.GONE))
                .isEqualTo(new Report(SnapshotStatus.READY, null));
        assertThat(next(SnapshotStatus.READY, true, KEPT, Source.GONE)).isEqualTo(new Nothing());
        assertThat(next(SnapshotStatus.CREATING, true, FAILED, Source.STANDS))
                .isEqualTo(new Report(SnapshotStatus.FAILED, FAILURE));
    }

    /** A moment that has passed is not taken again: who asked shall know. */
    @Test
    void whatARunOfTheWorkerDidNotEndHasFailed() {
        for (SnapshotStatus status : new SnapshotStatus[] {SnapshotStatus.CREATING, SnapshotStatus.READY}) {
            assertThat(next(status, true, ABSENT, Source.STANDS))
                    .isInstanceOf(Report.class)
                    .extracting(step -> ((Report) step).failure().code())
                    .isEqualTo(ErrorCode.WORKER_LOST);
        }
    }

    @Test
    void whatIsNotWantedGoesWhateverIsLeftOfIt() {
        for (SnapshotStatus status : SnapshotStatus.values()) {
            assertThat(next(status, false, KEPT, Source.STANDS)).isEqualTo(new Remove());
            assertThat(next(status, false, ABSENT, Source.GONE)).isEqualTo(new Remove());
        }
    }
}
