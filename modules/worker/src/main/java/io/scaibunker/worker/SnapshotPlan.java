package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedSnapshot;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.SnapshotStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to do about one wanted snapshot: a pure decision from what the row says and what is here. */
final class SnapshotPlan {
    /** How its bunker stands. */
    enum Source {
        /** It can be taken of it now. */
        STANDS,
        /** It boots, or is on its way between running and paused, or another snapshot is taken of it. */
        SOON,
        GONE
    }

    /**
     * One snapshot here.
     *
     * @param layer what is kept; null if nothing is
     * @param underWay whether it is being taken
     * @param failure why it could not be taken, until the row says so
     */
    record Seen(
            @Nullable Digest layer,
            boolean underWay,
            @Nullable Failure failure) {}

    /** What to do next. */
    sealed interface Step {}

    record Nothing() implements Step {}

    record Take() implements Step {}

    /** Of what was kept, or of nothing; then it is reported. */
    record Remove() implements Step {}

    record Report(SnapshotStatus status, @Nullable Failure failure) implements Step {}

    private SnapshotPlan() {}

    static Step next(WantedSnapshot row, Seen seen, Source source) {
        if (seen.underWay()) {
            return new Nothing();
        }
        if (!row.wanted()) {
            return new Remove();
        }
        if (seen.layer() != null) {
            return row.status() == SnapshotStatus.READY ? new Nothing() : new Report(SnapshotStatus.READY, null);
        }
        if (seen.failure() != null) {
            return new Report(SnapshotStatus.FAILED, seen.failure());
        }
        return switch (row.status()) {
            case PENDING -> pending(source);
            case CREATING -> lost("its worker began to take it and did not end");
            case READY -> lost("its worker has lost it");
            case FAILED, DELETED -> new Nothing();
        };
    }

    private static Step pending(Source source) {
        return switch (source) {
            case STANDS -> new Take();
            case SOON -> new Nothing();
            case GONE ->
                new Report(
                        SnapshotStatus.FAILED,
                        new Failure(ErrorCode.WRONG_STATE, "the bunker had ended before it was taken"));
        };
    }

    private static Step lost(String how) {
        return new Report(SnapshotStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, how));
    }

    /** What the bunker's own state means for it. */
    static Source source(Optional<Bunker> bunker) {
        if (bunker.isEmpty()) {
            return Source.GONE;
        }
        return switch (bunker.get().here()) {
            case RUNNING, PAUSED -> bunker.get().isHeld() ? Source.SOON : Source.STANDS;
            case BOOTING, SWITCHING, STOPPED -> Source.SOON;
            case ENDING, ENDED -> Source.GONE;
        };
    }
}
