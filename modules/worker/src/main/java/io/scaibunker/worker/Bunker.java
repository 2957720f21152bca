package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.BootTimes;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.microvm.Machine;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ImageId;
import io.scaibunker.telemetry.Measure;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One bunker on this worker. Changed on the event loop only; read by the threads that serve it. */
final class Bunker {
    /** A machine that ran for so long and ends has not failed to start. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    /** What is used every few seconds is not told to be idle in between. */
    private static final Duration IDLE_TOLD = Duration.ofSeconds(10);

    private final WantedBunker wanted;
    private volatile BunkerPlan.Here here = BunkerPlan.Here.BOOTING;
    private volatile @Nullable Machine machine;
    private volatile @Nullable Failure failure;
    private volatile @Nullable EndReason reason;
    private volatile @Nullable BootTimes boot;

    /** How often in a row its machine ended soon after it had begun. */
    private final int quickEnds;

    private final BunkerUse.Uses uses = new BunkerUse.Uses();
    private volatile long changed = System.nanoTime();
    private volatile boolean held;
    private volatile boolean ran;
    private volatile boolean steady;

    Bunker(WantedBunker wanted) {
        this(wanted, 0);
    }

    private Bunker(WantedBunker wanted, int quickEnds) {
        this.wanted = wanted;
        this.quickEnds = quickEnds;
    }

    /** One that an earlier run of the worker has booted: it is not at its first boot, so its disk is kept as its policy has it. */
    static Bunker adopted(WantedBunker wanted) {
        Bunker bunker = new Bunker(wanted);
        bunker.ran = true;
        return bunker;
    }

    /** The same, to be booted once more on the disk it had. */
    Bunker again(WantedBunker row) {
        return new Bunker(row, steady ? 1 : quickEnds + 1);
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

    /** As the plan looks at it. */
    BunkerPlan.Seen seen() {
        boolean runs = here == BunkerPlan.Here.RUNNING;
        Duration idle = runs ? uses.idle() : Duration.ZERO;
        Duration limit = Duration.ofSeconds(wanted.idleTimeoutS());
        return new BunkerPlan.Seen(
                here,
                failure,
                reason,
                idle.compareTo(IDLE_TOLD) >= 0 ? uses.last().toEpochMilli() : null,
                runs && limit.isPositive() && idle.compareTo(limit) >= 0);
    }

    /** Somebody begins to use it. */
    BunkerUse use(boolean lasts) {
        return uses.begin(lasts);
    }

    /** What the row says of the time before this run of the worker. */
    void idleSince(Instant then) {
        uses.idleSince(then);
    }

    /** The machine, from its spawn to its end. */
    Optional<Machine> machine() {
        return Optional.ofNullable(machine);
    }

    /** The machine that answers, for those who want to talk to it. */
    Optional<Machine> running() {
        return here == BunkerPlan.Here.RUNNING ? machine() : Optional.empty();
    }

    void spawned(Machine started) {
        machine = started;
    }

    /** What its boot has cost; null where an earlier run of the worker booted it. */
    @Nullable
    BootTimes boot() {
        return boot;
    }

    void booted(BootTimes times) {
        boot = times;
        took("queued", times.queued());
        took("scratch", times.scratch());
        took("spawn", times.spawn());
        took("kernel", times.kernel());
        took("agent", times.agent());
        took("total", times.queued() + times.scratch() + times.spawn() + times.kernel() + times.agent());
    }

    private static void took(String phase, long millis) {
        Measure.BOOT.took(Duration.ofMillis(millis).toNanos(), phase);
    }

    void moved(BunkerPlan.Here to) {
        steady |= ran && nanosHere() >= STEADY.toNanos();
        switch (here) {
            case BOOTING -> uses.open();
            case SWITCHING -> uses.touch();
            case RUNNING, PAUSED, STOPPED, ENDING, ENDED -> {
                // Nothing about its use.
            }
        }
        here = to;
        changed = System.nanoTime();
        ran |= to == BunkerPlan.Here.RUNNING || to == BunkerPlan.Here.PAUSED;
    }

    /** A snapshot is taken of it: it is neither paused nor let go on until that is done. */
    void hold() {
        held = true;
    }

    void release() {
        held = false;
    }

    boolean isHeld() {
        return held;
    }

    /** Since the last move. */
    long nanosHere() {
        return System.nanoTime() - changed;
    }

    /**
     * Whether it is booted again now that its machine has ended by itself. The first boot of all is not repeated: who asked for it
     * shall know.
     */
    boolean comesBack(boolean poweredOff) {
        return (ran || quickEnds > 0) && wanted.restarts().again(poweredOff);
    }

    int quickEnds() {
        return steady ? 0 : quickEnds;
    }

    /** How long a stopped one waits until it is booted again: 1 s, doubled by each quick end, a minute at most. */
    long pauseNanos() {
        Duration pause = Duration.ofSeconds(Math.min(60, 1L << Math.min(6, quickEnds())));
        return changed + pause.toNanos() - System.nanoTime();
    }

    /** It begins to end. */
    void ends(@Nullable EndReason why) {
        reason = why;
        moved(BunkerPlan.Here.ENDING);
    }

    /** @param why it failed; null where its end was meant */
    void ended(@Nullable Failure why) {
        Measure.BUNKER_END.add(1, why == null ? "asked" : why.code().name());
        failure = why;
        here = BunkerPlan.Here.ENDED;
    }
}
