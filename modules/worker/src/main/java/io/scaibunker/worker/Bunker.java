package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.microvm.Machine;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.LifecycleMode;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One bunker on this worker. Changed on the event loop only; read by the threads that serve it. */
final class Bunker {
    private final WantedBunker wanted;
    private volatile BunkerPlan.Here here = BunkerPlan.Here.BOOTING;
    private volatile @Nullable Machine machine;
    private volatile @Nullable Failure failure;

    /** How often in a row its machine ended soon after it had begun. */
    private final int quickEnds;

    private final BunkerUse.Uses uses = new BunkerUse.Uses();
    private volatile long changed = System.nanoTime();
    private volatile boolean ran;

    Bunker(WantedBunker wanted) {
        this(wanted, 0);
    }

    private Bunker(WantedBunker wanted, int quickEnds) {
        this.wanted = wanted;
        this.quickEnds = quickEnds;
    }

    /** The same, to be booted once more on the disk it had. */
    Bunker again(WantedBunker row) {
        return new Bunker(row, quickEnds + 1);
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

    /** Somebody begins to use it. */
    BunkerUse use(boolean lasts) {
        return uses.begin(lasts);
    }

    long idleNanos() {
        return uses.idleNanos();
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
        changed = System.nanoTime();
        ran |= to == BunkerPlan.Here.RUNNING;
    }

    /** Whether it is booted again when its machine ends by itself: it is meant to last, and there is something to keep. */
    boolean comesBack() {
        return wanted.mode() == LifecycleMode.PERSISTENT && (ran || quickEnds > 0);
    }

    /** How long a stopped one waits until it is booted again: 1 s, doubled by each quick end, a minute at most. */
    long pauseNanos() {
        Duration pause = Duration.ofSeconds(Math.min(60, 1L << Math.min(6, quickEnds)));
        return changed + pause.toNanos() - System.nanoTime();
    }

    void ended(@Nullable Failure why) {
        failure = why;
        here = BunkerPlan.Here.ENDED;
    }
}
