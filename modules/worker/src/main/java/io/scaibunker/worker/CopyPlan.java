package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.CacheStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to do about one wanted copy: a pure decision from what the row says and what is here. */
final class CopyPlan {
    /** What is here beside the ledger: a bake under way, or one that failed and whose report was not taken yet. */
    sealed interface Work {
        long generation();
    }

    record UnderWay(long generation) implements Work {}

    record Failed(long generation, Failure failure) implements Work {}

    /** What to do next. */
    sealed interface Step {}

    record Nothing() implements Step {}

    record Bake() implements Step {}

    record Cancel() implements Step {}

    record LetGo() implements Step {}

    record Report(
            CacheStatus status,
            @Nullable Copy copy,
            @Nullable Failure failure) implements Step {}

    private CopyPlan() {}

    /** @param inUse whether a bunker here runs from the copy */
    static Step next(WantedCopy row, Optional<Copy> here, Optional<Work> work, boolean inUse) {
        if (work.isPresent() && work.get() instanceof UnderWay underWay) {
            return row.wanted() && underWay.generation() == row.generation() ? new Nothing() : new Cancel();
        }
        if (!row.wanted()) {
            return inUse ? new Nothing() : new LetGo();
        }
        if (here.isPresent()) {
            boolean said = row.status() == CacheStatus.READY
                    && here.get().artifactDigest().equals(row.artifactDigest());
            return said ? new Nothing() : new Report(CacheStatus.READY, here.get(), null);
        }
        if (work.isPresent() && work.get() instanceof Failed failed && failed.generation() == row.generation()) {
            return new Report(CacheStatus.FAILED, null, failed.failure());
        }
        return switch (row.status()) {
            case PENDING, BUILDING -> new Bake();
            case READY -> new Report(CacheStatus.PENDING, null, null);
            // A failed row waits: for its pause to be over, or for somebody to ask again.
            case FAILED, EVICTED -> new Nothing();
        };
    }
}
