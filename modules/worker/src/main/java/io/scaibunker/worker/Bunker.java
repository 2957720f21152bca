package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.microvm.Machine;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One bunker on this worker. Changed on the event loop only; read by the threads that serve it. */
final class Bunker {
    private final WantedBunker wanted;
    private volatile BunkerPlan.Here here = BunkerPlan.Here.BOOTING;
    private volatile @Nullable Machine machine;
    private volatile @Nullable Failure failure;

    Bunker(WantedBunker wanted) {
        this.wanted = wanted;
    }

    BunkerId id() {
        return wanted.bunkerId();
    }

    ImageId imageId() {
        return wanted.imageId();
    }

    WantedBunker wanted() {
        return wanted;
    }

    BunkerPlan.Here here() {
        return here;
    }

    /** The machine, from its spawn to its end. */
    Optional<Machine> machine() {
        return Optional.ofNullable(machine);
    }

    /** The machine that answers, for those who want to talk to it. */
    Optional<Machine> running() {
        return here == BunkerPlan.Here.RUNNING ? machine() : Optional.empty();
    }

    @Nullable
    Failure failure() {
        return failure;
    }

    void spawned(Machine started) {
        machine = started;
    }

    void moved(BunkerPlan.Here to) {
        here = to;
    }

    void ended(@Nullable Failure why) {
        failure = why;
        here = BunkerPlan.Here.ENDED;
    }
}
