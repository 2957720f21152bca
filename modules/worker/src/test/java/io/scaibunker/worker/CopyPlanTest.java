package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CopyPlanTest {
    private static final ImageId IMAGE = ImageId.fresh();
    private static final Digest ARTIFACT = new Digest("sha256:" + "a".repeat(64));
    private static final Copy COPY =
            new Copy(ARTIFACT, 64 << 20, 1 << 20, 10, new Digest("sha256:" + "b".repeat(64)), "w");
    private static final Failure FAILURE = new Failure(ErrorCode.SOURCE_AUTH, "no");
    private static final boolean IN_USE = true;
    private static final boolean IDLE = false;

    @ParameterizedTest
    @EnumSource(names = {"PENDING", "BUILDING"})
    void whatIsWantedAndMissingIsBaked(CacheStatus status) {
        assertThat(next(row(status, true), Optional.empty(), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.Bake());
    }

    @Test
    void aFailedRowWaits() {
        assertThat(next(row(CacheStatus.FAILED, true), Optional.empty(), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.Nothing());
    }

    @ParameterizedTest
    @EnumSource(names = {"PENDING", "BUILDING", "FAILED"})
    void whatIsHereIsReportedUntilTheRowSaysSo(CacheStatus status) {
        assertThat(next(row(status, true), Optional.of(COPY), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.Report(CacheStatus.READY, COPY, null));
    }

    @Test
    void aRowThatSaysWhatIsHereNeedsNothing() {
        assertThat(next(row(CacheStatus.READY, true), Optional.of(COPY), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.Nothing());
    }

    @Test
    void aLostFileIsToldAndNotHidden() {
        assertThat(next(row(CacheStatus.READY, true), Optional.empty(), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.Report(CacheStatus.PENDING, null, null));
    }

    @Test
    void workUnderWayForThisWantGoesOn() {
        assertThat(next(row(CacheStatus.BUILDING, true), Optional.empty(), Optional.of(new CopyPlan.UnderWay(3)), IDLE))
                .isEqualTo(new CopyPlan.Nothing());
    }

    @Test
    void workUnderWayForAnOlderWantIsCancelled() {
        assertThat(next(row(CacheStatus.PENDING, true), Optional.empty(), Optional.of(new CopyPlan.UnderWay(2)), IDLE))
                .isEqualTo(new CopyPlan.Cancel());
    }

    @Test
    void workThatIsNotWantedAnyMoreIsCancelledBeforeAnythingElse() {
        assertThat(next(
                        row(CacheStatus.BUILDING, false),
                        Optional.of(COPY),
                        Optional.of(new CopyPlan.UnderWay(3)),
                        IDLE))
                .isEqualTo(new CopyPlan.Cancel());
    }

    @Test
    void aFailureIsReportedUntilItIsTaken() {
        assertThat(next(
                        row(CacheStatus.BUILDING, true),
                        Optional.empty(),
                        Optional.of(new CopyPlan.Failed(3, FAILURE)),
                        IDLE))
                .isEqualTo(new CopyPlan.Report(CacheStatus.FAILED, null, FAILURE));
    }

    @Test
    void aFailureOfAnOlderWantIsForgottenAndTheWorkBeginsAgain() {
        assertThat(next(
                        row(CacheStatus.PENDING, true),
                        Optional.empty(),
                        Optional.of(new CopyPlan.Failed(2, FAILURE)),
                        IDLE))
                .isEqualTo(new CopyPlan.Bake());
    }

    @Test
    void anUnwantedCopyGoesOnlyWhenNoBunkerRunsFromIt() {
        assertThat(next(row(CacheStatus.READY, false), Optional.of(COPY), Optional.empty(), IN_USE))
                .isEqualTo(new CopyPlan.Nothing());
        assertThat(next(row(CacheStatus.READY, false), Optional.of(COPY), Optional.empty(), IDLE))
                .isEqualTo(new CopyPlan.LetGo());
    }

    private static CopyPlan.Step next(
            WantedCopy row, Optional<Copy> here, Optional<CopyPlan.Work> work, boolean inUse) {
        return CopyPlan.next(row, here, work, inUse);
    }

    private static WantedCopy row(CacheStatus status, boolean wanted) {
        return new WantedCopy(
                IMAGE,
                3,
                status,
                wanted,
                new BuildSource.Oci("registry/image:1", "linux/amd64"),
                64,
                null,
                status == CacheStatus.READY ? ARTIFACT : null,
                false);
    }
}
