package io.scaibunker.testkit;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A fleet of real parts to which a plan happens; then quiet, and all must be true again: rows, ledgers, disks, machines. What the
 * fleet needs for that is nobody's help, but one request to try again what had failed.
 */
public final class Chaos {
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    private final ChaosWorld world;
    private final RowCheck rows;
    private final DiskCheck disks;
    private final Consumer<String> told;
    private final Map<String, Integer> counts = new TreeMap<>();

    /**
     * What came of it.
     *
     * @param counts how often each kind of step was done
     * @param refused steps that found nothing, or nobody, to do it to
     * @param done what the fleet did meanwhile: copies made, bunkers that ran, …
     * @param settled how long the fleet took to come to rest
     * @param violations what was still not true at the end of the time for that
     */
    public record Outcome(
            Map<String, Integer> counts,
            int refused,
            Map<String, Long> done,
            Duration settled,
            List<String> violations) {}

    private Chaos(ChaosWorld world, ChaosPlan.Size size, Consumer<String> told) {
        this.world = world;
        this.told = told;
        this.rows = new RowCheck(world.database(), ":v" + size.contents());
        this.disks = new DiskCheck(world.database(), world.workerDirs());
    }

    /**
     * @param dir for all that it keeps
     * @param settle how long the fleet may take to come to rest
     * @param told each step, and what is wrong at the end
     */
    public static Outcome run(
            Path dir, long seed, Duration length, ChaosPlan.Size size, Duration settle, Consumer<String> told) {
        try (var world = new ChaosWorld(dir, size)) {
            world.open();
            return new Chaos(world, size, told).run(ChaosPlan.of(seed, length, size), settle);
        }
    }

    private Outcome run(List<ChaosPlan.Timed> plan, Duration settle) {
        var begun = System.nanoTime();
        var refused = 0;
        for (var timed : plan) {
            var wait = timed.at().toNanos() - (System.nanoTime() - begun);
            if (wait > 0) {
                LockSupport.parkNanos(wait);
            }
            counts.merge(timed.step().kind(), 1, Integer::sum);
            told.accept(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun) + " s: " + timed.step());
            refused += did(timed.step()) ? 0 : 1;
        }
        told.accept("quiet");
        world.calm();
        var quiet = System.nanoTime();
        // With no call first: what may be tried again is, and only then is asked for what waits to be.
        var stuck = settle(quiet + settle.toNanos(), rows::stuck);
        world.warm();
        var violations = settle(System.nanoTime() + settle.toNanos(), this::look);
        var settled = Duration.ofNanos(System.nanoTime() - quiet);
        if (violations.isEmpty()) {
            violations = disks.differences();
        }
        violations = Stream.of(stuck, violations, world.calls().mistakes())
                .flatMap(List::stream)
                .toList();
        violations.forEach(told);
        if (!violations.isEmpty()) {
            told.accept(world.tails());
        }
        return new Outcome(counts, refused, rows.done(), settled, violations);
    }

    /** A call that nobody answers is part of the game: the next one may be. */
    private boolean did(ChaosPlan.Step step) {
        try {
            world.act(step);
            return true;
        } catch (UncheckedIOException | AssertionError away) {
            told.accept("  not done: " + away.getMessage());
            return false;
        }
    }

    private static List<String> settle(long deadline, Supplier<List<String>> look) {
        while (true) {
            var violations = look.get();
            if (violations.isEmpty() || System.nanoTime() > deadline) {
                return violations;
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
    }

    private List<String> look() {
        var violations = new ArrayList<>(rows.violations());
        try {
            violations.addAll(disks.violations());
        } catch (UncheckedIOException moving) {
            // A file went while it was looked at.
            violations.add("a disk is not at rest: " + moving.getMessage());
        }
        return violations;
    }
}
