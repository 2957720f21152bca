package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineExit;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the bunkers here equal to what is wanted here. Lives on one event loop. */
final class BunkerKeeper implements ExecServer.Bunkers {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerKeeper.class);

    private final Context loop;
    private final BunkerDesk desk;
    private final WorkerConfig config;
    private final CopyLedger ledger;
    private final MachineRoom machines;
    private final Bench bench;
    private final Runnable again;

    /** Written on the event loop; read by exec. */
    private final Map<BunkerId, Bunker> bunkers = new ConcurrentHashMap<>();

    /** Since when a bunker waits for its copy. */
    private final Map<BunkerId, Long> waiting = new ConcurrentHashMap<>();

    private final LastConsoles consoles = new LastConsoles();
    private boolean stopping;

    /**
     * @param loop where this lives
     * @param again asks for another round
     */
    BunkerKeeper(
            Context loop,
            BunkerDesk desk,
            WorkerConfig config,
            CopyLedger ledger,
            MachineRoom machines,
            Bench bench,
            Runnable again) {
        this.loop = loop;
        this.desk = desk;
        this.config = config;
        this.ledger = ledger;
        this.machines = machines;
        this.bench = bench;
        this.again = again;
    }

    @Override
    public Optional<Bunker> find(BunkerId id) {
        return Optional.ofNullable(bunkers.get(id));
    }

    @Override
    public Optional<String> lastConsole(BunkerId id) {
        return consoles.of(id);
    }

    /** Whether a bunker here runs, or is about to run, from an image's copy. */
    boolean runsFrom(ImageId imageId) {
        return bunkers.values().stream()
                .anyMatch(bunker -> bunker.imageId().equals(imageId) && bunker.here() != BunkerPlan.Here.ENDED);
    }

    /** What is wanted runs, what is not wanted is ended, and the rows say so. */
    Future<?> drain() {
        return desk.wanted().compose(rows -> {
            endUnlisted(rows);
            return Future.join(rows.stream().map(this::step).toList());
        });
    }

    private Future<?> step(WantedBunker row) {
        Optional<Bunker> bunker = find(row.bunkerId());
        Optional.ofNullable(row.idleSince())
                .ifPresent(since -> bunker.ifPresent(it -> it.idleSince(Instant.ofEpochMilli(since))));
        boolean copyHere = ledger.find(row.imageId()).isPresent();
        return switch (BunkerPlan.next(row, bunker.map(Bunker::seen), copyHere, desk.incarnation())) {
            case BunkerPlan.Nothing nothing -> Future.succeededFuture();
            case BunkerPlan.Boot boot -> boot(row, bunker);
            case BunkerPlan.WaitForCopy wait -> waitForCopy(row);
            case BunkerPlan.Pause pause -> {
                bunker.ifPresent(it -> turn(it, BunkerPlan.Here.PAUSED, machines::pause));
                yield Future.succeededFuture();
            }
            case BunkerPlan.Resume resume -> {
                bunker.ifPresent(it -> turn(it, BunkerPlan.Here.RUNNING, machines::resume));
                yield Future.succeededFuture();
            }
            case BunkerPlan.End end -> {
                bunker.ifPresent(it -> end(it, end.reason()));
                yield Future.succeededFuture();
            }
            case BunkerPlan.Report report -> desk.report(row, bunker, report.status(), report.failure());
        };
    }

    private Future<?> waitForCopy(WantedBunker row) {
        long since = waiting.computeIfAbsent(row.bunkerId(), first -> System.nanoTime());
        return System.nanoTime() - since < config.copyWait().toNanos()
                ? Future.succeededFuture()
                : desk.report(
                        row,
                        Optional.empty(),
                        BunkerStatus.FAILED,
                        new Failure(
                                ErrorCode.NO_SUITABLE_WORKER,
                                "the image did not come to its worker in " + config.copyWait()));
    }

    /**
     * Takes over what an earlier run left running. Done when all of it answers or has shown that it does not, at the latest
     * after {@code limit}; what is late comes later.
     */
    Future<?> adopt(List<Bunker> left, Duration limit) {
        left.forEach(bunker -> bunkers.put(bunker.id(), bunker));
        List<Future<Machine>> answers = left.stream()
                .filter(bunker -> bunker.here() == BunkerPlan.Here.BOOTING)
                .map(bunker -> settle(bunker, bench.await(() -> machines.awaitReady(bunker))))
                .toList();
        left.stream()
                .filter(bunker -> bunker.here() == BunkerPlan.Here.PAUSED)
                .forEach(bunker -> bunker.machine().ifPresent(machine -> watch(bunker, machine)));
        return Future.join(answers)
                .timeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .otherwiseEmpty();
    }

    /** @param before the same bunker, whose machine has ended and shall come back */
    private Future<?> boot(WantedBunker row, Optional<Bunker> before) {
        long pause = before.map(Bunker::pauseNanos).orElse(0L);
        if (pause > 0) {
            loop.owner().setTimer(Math.max(1, pause / 1_000_000), due -> again.run());
        }
        if (pause > 0 || stopping || machines.driver().isEmpty()) {
            return Future.succeededFuture();
        }
        Bunker bunker = before.map(stopped -> stopped.again(row)).orElseGet(() -> new Bunker(row));
        bunkers.put(row.bunkerId(), bunker);
        waiting.remove(row.bunkerId());
        return desk.report(row, Optional.of(bunker), BunkerStatus.PROVISIONING, null)
                .onSuccess(claimed -> {
                    if (claimed) {
                        start(bunker);
                    } else {
                        unclaimed(row.bunkerId(), before);
                    }
                })
                .onFailure(unheard -> unclaimed(row.bunkerId(), before));
    }

    private void unclaimed(BunkerId id, Optional<Bunker> before) {
        before.ifPresentOrElse(stopped -> bunkers.put(id, stopped), () -> bunkers.remove(id));
    }

    private void start(Bunker bunker) {
        Optional<Path> rootfs = ledger.find(bunker.imageId()).map(copy -> ledger.fileOf(copy.artifactDigest()));
        if (rootfs.isEmpty()) {
            // It went while the scheduler was asked. The row says that it boots here, so it has to be told how that
            // ended.
            String text = "the image's copy went from its worker before it booted";
            gone(bunker, new Failure(ErrorCode.NO_SUITABLE_WORKER, text), false);
            return;
        }
        settle(bunker, bench.boot(() -> machines.boot(bunker, rootfs.get())));
    }

    private Future<Machine> settle(Bunker bunker, Future<Machine> booting) {
        return booting.onComplete(booted -> {
            if (stopping) {
                // Ended by stop(), or left to the next run.
                return;
            }
            if (booted.failed()) {
                gone(bunker, machines.failure(booted.cause()), false);
            } else if (bunker.here() == BunkerPlan.Here.BOOTING) {
                bunker.moved(BunkerPlan.Here.RUNNING);
                watch(bunker, booted.result());
                desk.report(bunker.wanted(), Optional.of(bunker), BunkerStatus.RUNNING, null);
                again.run();
            }
        });
    }

    /** A machine that ends by itself is noticed at once. */
    private void watch(Bunker bunker, Machine machine) {
        machine.onExit()
                .thenAccept(exit -> loop.runOnContext(now -> {
                    boolean ran = switch (bunker.here()) {
                        case RUNNING, PAUSED, SWITCHING -> true;
                        case BOOTING, STOPPED, ENDING, ENDED -> false;
                    };
                    if (ran && !stopping) {
                        gone(
                                bunker,
                                new Failure(ErrorCode.MACHINE_FAILED, exit.text()),
                                exit.cause() == MachineExit.Cause.POWERED_OFF);
                    }
                }));
    }

    /** Between running and paused, while other bunkers go on; one that fails is tried again by the next round. */
    private void turn(Bunker bunker, BunkerPlan.Here to, MachineTurn turn) {
        BunkerPlan.Here from = bunker.here();
        if (bunker.isHeld()) {
            // Its release brings the next round.
            return;
        }
        bunker.moved(BunkerPlan.Here.SWITCHING);
        bench.await(() -> {
                    turn.make(bunker);
                    return bunker;
                })
                .onFailure(thrown -> LOG.warn("{} is not {} yet: {}", bunker.id(), to, thrown.getMessage()))
                .onComplete(turned -> {
                    if (bunker.here() == BunkerPlan.Here.SWITCHING && !stopping) {
                        bunker.moved(turned.succeeded() ? to : from);
                        if (turned.succeeded()) {
                            again.run();
                        }
                    }
                });
    }

    /** A machine's way from running to paused or back. */
    @FunctionalInterface
    private interface MachineTurn {
        void make(Bunker bunker) throws InterruptedException;
    }

    /** Without anybody having asked: a bunker comes back as its policy has it, any other is over. */
    private void gone(Bunker bunker, Failure why, boolean poweredOff) {
        if (bunker.here() == BunkerPlan.Here.ENDING) {
            over(bunker, why);
            return;
        }
        if (!bunker.comesBack(poweredOff)) {
            bunker.ends(poweredOff ? EndReason.POWERED_OFF : null);
            over(bunker, poweredOff ? null : why);
            return;
        }
        if (bunker.quickEnds() >= config.restartLimit()) {
            String text = "given up after " + bunker.quickEnds() + " restarts in a row; the last: " + why.message();
            bunker.ends(null);
            over(bunker, new Failure(why.code(), text));
            return;
        }
        LOG.info("{} stopped and will be booted again: {}", bunker.id(), why.message());
        bench.await(() -> {
                    machines.end(bunker);
                    return bunker;
                })
                .onComplete(ended -> {
                    if (bunker.here() != BunkerPlan.Here.ENDING && bunker.here() != BunkerPlan.Here.ENDED) {
                        bunker.moved(BunkerPlan.Here.STOPPED);
                        again.run();
                    }
                });
    }

    private void end(Bunker bunker, @Nullable EndReason reason) {
        bunker.ends(reason);
        desk.report(bunker.wanted(), Optional.of(bunker), BunkerStatus.TERMINATING, null);
        bench.await(() -> {
                    machines.end(bunker);
                    return bunker;
                })
                .onComplete(ended -> over(bunker, null));
    }

    /** Nothing of it is left but the report. */
    private void over(Bunker bunker, @Nullable Failure failure) {
        bench.await(() -> {
                    machines.end(bunker);
                    bunker.machine().ifPresent(machine -> consoles.keep(bunker.id(), machine.consoleTail()));
                    machines.clear(bunker.id());
                    return bunker;
                })
                .onFailure(thrown -> LOG.warn("the directory of {} could not be removed", bunker.id(), thrown))
                .onComplete(cleared -> {
                    bunker.ended(failure);
                    again.run();
                });
    }

    /** What no row names any more: given up while this worker was not heard, or reported ended. */
    private void endUnlisted(List<WantedBunker> rows) {
        Set<BunkerId> listed = new HashSet<>();
        rows.forEach(row -> listed.add(row.bunkerId()));
        waiting.keySet().retainAll(listed);
        for (Bunker bunker : List.copyOf(bunkers.values())) {
            if (listed.contains(bunker.id())) {
                continue;
            }
            switch (bunker.here()) {
                case ENDED -> bunkers.remove(bunker.id());
                case BOOTING, RUNNING, PAUSED, STOPPED -> end(bunker, null);
                case SWITCHING, ENDING -> {
                    // Its end brings the next round.
                }
            }
        }
    }

    /** Leaves the machines to the next run, or ends them all. */
    Future<?> stop(boolean keep) {
        stopping = true;
        if (keep) {
            bunkers.values().forEach(bunker -> bunker.machine().ifPresent(Machine::leave));
            return Future.succeededFuture();
        }
        return Future.join(bunkers.values().stream()
                        .filter(bunker -> bunker.here() != BunkerPlan.Here.ENDED)
                        .map(this::stop)
                        .toList())
                .otherwiseEmpty();
    }

    /** A persistent bunker is told nothing of it: its disk waits for the next run. */
    private Future<?> stop(Bunker bunker) {
        bunker.ends(null);
        Future<?> ended = bench.await(() -> {
            machines.end(bunker);
            return bunker;
        });
        return bunker.comesBack(false)
                ? ended
                : ended.compose(gone -> bench.await(() -> {
                            machines.clear(bunker.id());
                            return bunker;
                        }))
                        .compose(cleared -> desk.report(
                                bunker.wanted(),
                                Optional.of(bunker),
                                BunkerStatus.FAILED,
                                new Failure(ErrorCode.WORKER_LOST, "its worker was stopped")));
    }
}
