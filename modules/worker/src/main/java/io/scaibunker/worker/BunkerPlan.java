package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to do about one wanted bunker: a pure decision from what the row says and what is here. */
final class BunkerPlan {
    /** How a bunker stands here. */
    enum Here {
        BOOTING,
        RUNNING,
        /** Its machine ended by itself and its disk is kept: it shall run again. */
        STOPPED,
        ENDING,
        /** Over; waiting for the row to say so too. */
        ENDED
    }

    /** What to do next. */
    sealed interface Step {}

    record Nothing() implements Step {}

    record Boot() implements Step {}

    record End() implements Step {}

    /** The copy it was placed for is not here yet; it is waited for, but not for ever. */
    record WaitForCopy() implements Step {}

    record Report(BunkerStatus status, @Nullable Failure failure) implements Step {}

    private BunkerPlan() {}

    /**
     * @param failure why it ended, if it is {@link Here#ENDED} and failed
     * @param copyHere whether the image's copy is on this worker
     * @param self this run of the worker
     */
    static Step next(
            WantedBunker row, Optional<Here> here, @Nullable Failure failure, boolean copyHere, IncarnationId self) {
        if (here.isEmpty()) {
            return absent(row, copyHere, self);
        }
        boolean end = row.intent() == BunkerIntent.END;
        return switch (here.get()) {
            case BOOTING -> end ? new End() : new Nothing();
            case RUNNING -> end ? new End() : said(row, BunkerStatus.RUNNING);
            case STOPPED -> end ? new End() : new Boot();
            case ENDING -> new Nothing();
            case ENDED ->
                failure == null || end
                        ? new Report(BunkerStatus.TERMINATED, null)
                        : new Report(BunkerStatus.FAILED, failure);
        };
    }

    private static Step absent(WantedBunker row, boolean copyHere, IncarnationId self) {
        if (row.intent() == BunkerIntent.END) {
            return new Report(BunkerStatus.TERMINATED, null);
        }
        if (row.incarnation() != null) {
            // Booted before, by this run or another, and not here any more: it does not come back by itself.
            String by = self.equals(row.incarnation()) ? "its machine is gone" : "its worker was started anew";
            return new Report(BunkerStatus.FAILED, new Failure(ErrorCode.WORKER_LOST, by));
        }
        return copyHere ? new Boot() : new WaitForCopy();
    }

    private static Step said(WantedBunker row, BunkerStatus status) {
        return row.status() == status ? new Nothing() : new Report(status, null);
    }
}
