package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.BunkerReported;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a worker and the scheduler say to each other about bunkers. */
final class BunkerDesk {
    private final WorkerId self;
    private final IncarnationId incarnation;
    private final Post post;
    private final Duration timeout;

    BunkerDesk(WorkerId self, IncarnationId incarnation, Post post, Duration timeout) {
        this.self = self;
        this.incarnation = incarnation;
        this.post = post;
        this.timeout = timeout;
    }

    /** This run of the worker. */
    IncarnationId incarnation() {
        return incarnation;
    }

    /** What should run here, and what should end. */
    Future<List<WantedBunker>> wanted() {
        return Pages.<WantedBunker, BunkerId>all(after -> post.ask(new Question.BunkersWanted(self, after), timeout)
                .map(page -> new Pages.Page<>(page.bunkers(), page.next())));
    }

    /**
     * How a bunker stands here.
     *
     * @param bunker as it is here, if it is
     * @return whether the row was still as {@code wanted} has it
     */
    Future<Boolean> report(
            WantedBunker wanted, Optional<Bunker> bunker, BunkerStatus status, @Nullable Failure failure) {
        Optional<BunkerPlan.Seen> seen = bunker.map(Bunker::seen);
        BunkerReported report = new BunkerReported(
                self,
                incarnation,
                wanted.bunkerId(),
                wanted.generation(),
                status,
                failure,
                seen.map(BunkerPlan.Seen::reason).orElse(null),
                seen.map(BunkerPlan.Seen::idleSince).orElse(null),
                bunker.map(Bunker::boot).orElse(null));
        return post.ask(report, timeout).map(taken -> taken.current());
    }
}
