package io.scaibunker.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** What happens to a fleet, and when: all of it follows from a seed. */
public final class ChaosPlan {
    /** How long a node is away at least and at most, and how long a link is bad. */
    private static final int DOWN_MIN_MS = 200;

    private static final int DOWN_MAX_MS = 14_000;

    /** How much time passes between two steps, on average half of it. */
    private static final int PAUSE_MAX_MS = 2_000;

    private static final int ACTIVE_MAX = 8;

    /** Something that happens. Images and bunkers are meant by their number in the order of their making. */
    public sealed interface Step {
        /** What it is counted as. */
        default String kind() {
            return getClass().getSimpleName();
        }
    }

    public record KillWorker(int worker) implements Step {}

    /** Killed, and all that it has on disk is gone. */
    public record WipeWorker(int worker) implements Step {}

    public record StartWorker(int worker) implements Step {}

    /** Stands still, without being dead. */
    public record PauseWorker(int worker) implements Step {}

    public record ResumeWorker(int worker) implements Step {}

    /** The file of one of its copies goes away under it. */
    public record LoseCopy(int worker) implements Step {}

    public record KillControl(int control) implements Step {}

    public record StartControl(int control) implements Step {}

    public record SpoilRegistry(Link.Trouble trouble) implements Step {}

    public record HealRegistry() implements Step {}

    /** Every connection to the database is cut. */
    public record CutDatabase() implements Step {}

    /** @param content which of the contents it has; several images may have the same, and one there is not */
    public record Register(int image, int content) implements Step {}

    public record Warm(int image) implements Step {}

    public record Deactivate(int image) implements Step {}

    public record Join(int worker) implements Step {}

    public record Leave(int worker) implements Step {}

    public record StartBunker(int bunker, int image) implements Step {}

    public record EndBunker(int bunker) implements Step {}

    /** @param at since the beginning */
    public record Timed(Duration at, Step step) {}

    /**
     * How much of everything there is.
     *
     * @param contents what images are made of; the number behind the last stands for one that nobody has
     * @param bunkers how many run at once at most; none when 0
     */
    public record Size(int controls, int workers, int contents, int bunkers) {}

    private final Random random;
    private final Size size;
    private final long lengthMs;
    private final List<Timed> steps = new ArrayList<>();
    private final List<Integer> active = new ArrayList<>();
    private final List<Integer> running = new ArrayList<>();
    private final long[] workerBack;
    private final long[] controlBack;
    private long registryBack;
    private int images;
    private int bunkers;

    private ChaosPlan(long seed, Duration length, Size size) {
        this.random = new Random(seed);
        this.size = size;
        this.lengthMs = length.toMillis();
        this.workerBack = new long[size.workers()];
        this.controlBack = new long[size.controls()];
    }

    /** In the order of time. Whatever is down or bad is up and well again at the end. */
    public static List<Timed> of(long seed, Duration length, Size size) {
        var plan = new ChaosPlan(seed, length, size);
        plan.make();
        return List.copyOf(plan.steps);
    }

    private void make() {
        register(0);
        for (long at = 0; at < lengthMs; at += 100 + random.nextInt(PAUSE_MAX_MS)) {
            step(at);
        }
        steps.sort(Comparator.comparing(Timed::at));
    }

    private void step(long at) {
        var dice = random.nextInt(100);
        if (dice < 22) {
            register(at);
        } else if (dice < 32) {
            trouble(at, dice);
        } else if (dice < 50) {
            workerAway(at, dice);
        } else if (dice < 56) {
            controlAway(at);
        } else if (dice < 64) {
            add(at, new LoseCopy(random.nextInt(size.workers())));
        } else if (dice < 66) {
            add(at, new CutDatabase());
        } else if (dice < 72) {
            add(at, new Warm(anyActive()));
        } else if (dice < 82) {
            deactivate(at);
        } else if (dice < 90) {
            var worker = random.nextInt(size.workers());
            add(at, random.nextBoolean() ? new Join(worker) : new Leave(worker));
        } else {
            bunker(at);
        }
    }

    private void add(long at, Step step) {
        steps.add(new Timed(Duration.ofMillis(at), step));
    }

    private void register(long at) {
        if (active.size() >= ACTIVE_MAX) {
            deactivate(at);
        }
        // One in ten is of something that is not there.
        var content = random.nextInt(10) == 0 ? size.contents() : random.nextInt(size.contents());
        add(at, new Register(images, content));
        active.add(images++);
    }

    private int anyActive() {
        return active.isEmpty() ? 0 : active.get(random.nextInt(active.size()));
    }

    private void deactivate(long at) {
        if (!active.isEmpty()) {
            add(at, new Deactivate(active.remove(random.nextInt(active.size()))));
        }
    }

    private void trouble(long at, int dice) {
        if (registryBack > at) {
            return;
        }
        var kinds = Arrays.copyOfRange(Link.Trouble.values(), 1, Link.Trouble.values().length);
        add(at, new SpoilRegistry(kinds[dice % kinds.length]));
        registryBack = later(at);
        add(registryBack, new HealRegistry());
    }

    private long later(long at) {
        return Math.min(lengthMs, at + DOWN_MIN_MS + random.nextInt(DOWN_MAX_MS));
    }

    private void workerAway(long at, int dice) {
        var worker = random.nextInt(size.workers());
        if (workerBack[worker] > at) {
            return;
        }
        workerBack[worker] = later(at);
        if (dice % 3 == 0) {
            add(at, new PauseWorker(worker));
            add(workerBack[worker], new ResumeWorker(worker));
        } else {
            add(at, random.nextInt(4) == 0 ? new WipeWorker(worker) : new KillWorker(worker));
            add(workerBack[worker], new StartWorker(worker));
        }
    }

    private void controlAway(long at) {
        var control = random.nextInt(size.controls());
        if (controlBack[control] <= at) {
            controlBack[control] = later(at);
            add(at, new KillControl(control));
            add(controlBack[control], new StartControl(control));
        }
    }

    private void bunker(long at) {
        if (size.bunkers() == 0) {
            return;
        }
        if (running.size() >= size.bunkers()) {
            add(at, new EndBunker(running.remove(random.nextInt(running.size()))));
        } else {
            add(at, new StartBunker(bunkers, anyActive()));
            running.add(bunkers++);
        }
    }
}
