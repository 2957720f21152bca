package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to do about one wanted bunker: a pure decision from what the row says and what is here. */
final class BunkerPlan {
    /** How a bunker stands here. */
    enum Here {
        BOOTING,
        RUNNING,
        PAUSED,
        /** On its way between these two. */
        SWITCHING,
        /** Its machine ended by itself and its disk is kept: it shall run again. */
        STOPPED,
        ENDING,
        /** Over; waiting for the row to say so too. */
        ENDED
    }

    /**
     * One bunker here.
     *
     * @param failure why it ended, if it is {@link Here#ENDED} and failed
     * @param reason why it ends, where that was decided here
     * @param idleSince since when nobody has used it, in milliseconds since 1970; null while somebody does
     * @param unused whether that is longer than it may be
     */
    record Seen(
            Here here,
            @Nullable Failure failure,
            @Nullable EndReason reason,
            @Nullable Long idleSince,
            boolean unused) {
        static Seen of(Here here) {
            return new Seen(here, null, null, null, false);
        }
    }

    /** What to do next. */
    sealed interface Step {}

    record Nothing() implements Step {}

    record Boot() implements Step {}

    record Pause() implements Step {}

    record Resume() implements Step {}

    /** @param reason null: it was asked for, and who asked knows why */
    record End(@Nullable EndReason reason) implements Step {}

    /** The copy it was placed for is not here yet; it is waited for, but not for ever. */
    record WaitForCopy() implements Step {}

    record Report(BunkerStatus status, @Nullable Failure failure) implements Step {}

    private BunkerPlan() {}

    /**
     * @param copyHere whether the image's copy is on this worker
     * @param self this run of the worker
     */
    static Step next(WantedBunker row, Optional<Seen> here, boolean copyHere, IncarnationId self) {
        // A bunker that began to end goes on ending, also where the run that began it did not get to its end.
        boolean end = row.intent() == BunkerIntent.END || row.status() == BunkerStatus.TERMINATING;
        return here.map(seen -> present(row, seen, end)).orElseGet(() -> absent(row, end, copyHere, self));
    }

    private static Step present(WantedBunker row, Seen seen, boolean end) {
        return switch (seen.here()) {
            case BOOTING -> end ? new End(null) : new Nothing();
            case RUNNING -> end ? new End(null) : running(row, seen);
            case PAUSED -> end ? new End(null) : paused(row, seen);
            case STOPPED -> end ? new End(null) : new Boot();
            case SWITCHING, ENDING -> new Nothing();
            case ENDED ->
                seen.failure() == null || end
                        ? new Report(BunkerStatus.TERMINATED, null)
                        : new Report(BunkerStatus.FAILED, seen.failure());
        };
    }

    private static Step running(WantedBunker row, Seen seen) {
        if (row.intent() == BunkerIntent.PAUSE) {
            return new Pause();
        }
        return seen.unused() ? new End(EndReason.IDLE) : said(row, BunkerStatus.RUNNING, seen);
    }

    private static Step paused(WantedBunker row, Seen seen) {
        return row.intent() == BunkerIntent.RUN ? new Resume() : said(row, BunkerStatus.PAUSED, seen);
    }

    private static Step absent(WantedBunker row, boolean end, boolean copyHere, IncarnationId self) {
        if (end) {
            return new Report(BunkerStatus.TERMINATED, null);
        }
        if (row.incarnation() != null) {
            // Booted before, by this run or another, and not here any more: it does not come back by itself.
            String by = self.equals(row.incarnation()) ? "its machine is gone" : "its worker was started anew";
            return new Report(BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, by));
        }
        return copyHere ? new Boot() : new WaitForCopy();
    }

    private static Step said(WantedBunker row, BunkerStatus status, Seen seen) {
        return row.status() == status && Objects.equals(row.idleSince(), seen.idleSince())
                ? new Nothing()
                : new Report(status, null);
    }
}
