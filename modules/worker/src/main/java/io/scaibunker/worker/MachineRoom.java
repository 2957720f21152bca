package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question.BootTimes;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.guest.GuestHello;
import io.scaibunker.microvm.Acceleration;
import io.scaibunker.microvm.Confinement;
import io.scaibunker.microvm.Leftover;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineDriver;
import io.scaibunker.microvm.MachineException;
import io.scaibunker.microvm.MachineSpec;
import io.scaibunker.microvm.StartTimes;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.network.NetworkAbility;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The machines of this worker: how they run here, and where each one's directory is. Blocks; safe for several threads. */
final class MachineRoom {
    private static final Logger LOG = LoggerFactory.getLogger(MachineRoom.class);
    private static final String SCRATCH = "scratch.ext4";
    private static final int CONSOLE_SHOWN = 300;
    private static final int HOSTNAME_MAX = 63;

    private final Vertx vertx;
    private final WorkerConfig config;
    private final WorkerFiles files;
    private final BunkerNetworks networks;
    private volatile String acceleration = "none: not probed yet";
    private volatile @Nullable MachineHost host;

    MachineRoom(Vertx vertx, WorkerConfig config, WorkerFiles files, BunkerNetworks networks) {
        this.vertx = vertx;
        this.config = config;
        this.files = files;
        this.networks = networks;
    }

    /** Finds out how machines run here. A host that cannot run any still bakes. */
    void probe() throws InterruptedException {
        try {
            MachineHost found = MachineHost.find(config, files, vertx);
            networks.probe();
            host = found;
            Acceleration runs = found.driver().acceleration();
            acceleration = runs.kind().word() + ": " + runs.reason();
            LOG.info("bunkers run by {}, {}", found.driver().name(), acceleration);
        } catch (IOException | RuntimeException e) {
            acceleration = "none: " + e.getMessage();
            LOG.warn("this worker runs no bunkers: {}", e.getMessage());
        }
    }

    WorkerAbilities abilities() {
        NetworkAbility network = networks.ability();
        List<String> enforced = new ArrayList<>();
        Map<String, String> reasons = new TreeMap<>(Map.of("network", network.reason()));
        Optional.ofNullable(host).map(MachineHost::confinement).ifPresent(found -> {
            enforced.addAll(found.enforced());
            reasons.putAll(found.reasons());
            if (network.profiles().size() > 1) {
                enforced.add("bandwidth");
            }
            if (config.diskRate() > 0) {
                enforced.add("disk_rate");
            }
        });
        return new WorkerAbilities(network.profiles(), enforced, reasons);
    }

    /** {@code kvm}, {@code tcg} or {@code none}, and why. */
    String acceleration() {
        return acceleration;
    }

    Optional<MachineDriver> driver() {
        return Optional.ofNullable(host).map(MachineHost::driver);
    }

    /**
     * The bunkers of an earlier run: those whose machine still runs, held again (their agent has yet to answer), and the
     * persistent ones that have their disk alone. Whatever else it left is ended and removed.
     */
    List<Bunker> adopt() throws IOException, InterruptedException {
        Map<String, Leftover> running = new HashMap<>(Leftovers.running(files.bunkers()));
        List<Bunker> adopted = new ArrayList<>();
        try (DirectoryStream<Path> places = Files.newDirectoryStream(files.bunkers())) {
            for (Path place : places) {
                Leftover left = running.remove(place.getFileName().toString());
                try {
                    adopt(place, left).ifPresent(adopted::add);
                } catch (IOException | RuntimeException e) {
                    // One place that is not as it should be must not keep all others from their bunkers.
                    LOG.warn("{} is left as it is: {}", place, e.toString());
                }
            }
        }
        // Their directories went under them.
        for (Leftover left : running.values()) {
            try {
                left.end();
            } catch (IOException e) {
                LOG.warn("a machine without a directory is left: {}", e.toString());
            }
        }
        return adopted;
    }

    private Optional<Bunker> adopt(Path place, @Nullable Leftover left) throws IOException, InterruptedException {
        Optional<WantedBunker> wanted = BunkerFile.read(place);
        Optional<Bunker> bunker = wanted.flatMap(row -> left == null ? Optional.empty() : held(row, left));
        if (bunker.isEmpty() && left != null) {
            // Where it does not end, nobody else may boot from its disk: the place stays as it is.
            left.end();
        }
        bunker = bunker.or(() -> wanted.flatMap(this::stopped));
        if (bunker.isEmpty()) {
            networks.remove(place.getFileName().toString());
            Confinement.release(place.getFileName().toString());
            Leftovers.remove(place);
        }
        return bunker;
    }

    private Optional<Bunker> held(WantedBunker wanted, Leftover left) {
        Bunker bunker = Bunker.adopted(wanted);
        try {
            Machine machine = left.attach(vertx, wanted.bunkerId().toString());
            bunker.spawned(machine);
            if (machine.isPaused()) {
                bunker.moved(BunkerPlan.Here.PAUSED);
                // Nobody waits for its agent, so it is held here; one that was paused as it booted is so, too.
                hold(bunker);
            }
            networks.adopt(wanted);
            return Optional.of(bunker);
        } catch (MachineException e) {
            LOG.warn("{} cannot be held again: {}", bunker.id(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Bunker> stopped(WantedBunker wanted) {
        if (wanted.restarts() == RestartPolicy.NEVER
                || !Files.exists(place(wanted.bunkerId()).resolve(SCRATCH))) {
            return Optional.empty();
        }
        Bunker bunker = Bunker.adopted(wanted);
        bunker.moved(BunkerPlan.Here.STOPPED);
        return Optional.of(bunker);
    }

    /** Waits until an adopted bunker's agent answers. */
    Machine awaitReady(Bunker bunker) throws InterruptedException {
        Machine machine = bunker.machine().orElseThrow();
        machine.awaitReady(config.bootTimeout());
        hold(bunker);
        return machine;
    }

    /** A boot has what processors are free; what runs has its share. */
    private static void hold(Bunker bunker) {
        Confinement.hold(bunker.id().toString(), bunker.wanted().room().cpuMillicores());
    }

    /** Starts a bunker's machine and waits until its agent answers. */
    Machine boot(Bunker bunker, Path rootfs) throws IOException, InterruptedException {
        Duration waited = Duration.ofNanos(bunker.nanosHere());
        MachineHost here = Optional.ofNullable(host).orElseThrow();
        WantedBunker wanted = bunker.wanted();
        Path place = place(bunker.id());
        requireWanted(bunker);
        Files.createDirectories(
                place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        BunkerFile.write(place, wanted);
        Machine machine = here.driver()
                .start(new MachineSpec(
                        bunker.id().toString(),
                        place,
                        here.kernel(),
                        here.initrd(),
                        rootfs,
                        place.resolve(SCRATCH),
                        wanted.room().diskMb(),
                        wanted.room().cpuMillicores(),
                        wanted.room().memoryMb(),
                        hostname(wanted),
                        networks.connect(
                                wanted, here.driver().networkUser(bunker.id().toString()))));
        bunker.spawned(machine);
        // Who ends the bunker either finds the machine from here on, or was before, and then it is ended here.
        requireWanted(bunker);
        long spawned = System.nanoTime();
        GuestHello hello = machine.awaitReady(config.bootTimeout());
        hold(bunker);
        bunker.booted(times(waited, machine.startTimes(), Duration.ofNanos(System.nanoTime() - spawned), hello));
        return machine;
    }

    /** The guest's own clock tells its two parts apart, as far as it can be right. */
    private static BootTimes times(Duration waited, StartTimes start, Duration guest, GuestHello hello) {
        Duration said = hello.start().isZero() ? Duration.ZERO : hello.uptime().minus(hello.start());
        Duration agent = said.compareTo(guest) < 0 ? said : guest;
        return new BootTimes(
                waited.toMillis(),
                start.scratch().toMillis(),
                start.spawn().toMillis(),
                guest.minus(agent).toMillis(),
                agent.toMillis());
    }

    /** Its memory stays, nothing in it goes on. */
    void pause(Bunker bunker) {
        bunker.machine().orElseThrow().pause();
    }

    /** Returns when it answers again. */
    void resume(Bunker bunker) throws InterruptedException {
        bunker.machine().orElseThrow().resume(config.bootTimeout());
    }

    private void requireWanted(Bunker bunker) {
        if (bunker.here() != BunkerPlan.Here.BOOTING) {
            end(bunker);
            throw new CancellationException(bunker.id() + " was ended before it ran");
        }
    }

    private static String hostname(WantedBunker wanted) {
        String name = wanted.name()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9-]", "-")
                .replaceAll("^-+|-+$", "");
        String cut =
                name.length() > HOSTNAME_MAX ? name.substring(0, HOSTNAME_MAX).replaceAll("-+$", "") : name;
        return cut.isEmpty() ? "bunker" : cut;
    }

    /** Ends the machine, if it was ever spawned; returns when it is gone. */
    void end(Bunker bunker) {
        bunker.machine().ifPresent(machine -> machine.stop(config.stopGrace()));
    }

    /** Removes the bunker's directory, its scratch with it. */
    void clear(BunkerId id) throws IOException {
        networks.remove(id.toString());
        Confinement.release(id.toString());
        Leftovers.remove(place(id));
    }

    /** What the bunker writes to. */
    Path scratch(BunkerId id) {
        return place(id).resolve(SCRATCH);
    }

    private Path place(BunkerId id) {
        return files.bunkers().resolve(id.toString());
    }

    /** Why a boot failed, with the end of what the console said. */
    Failure failure(Throwable thrown) {
        if (thrown instanceof MachineException told) {
            return new Failure(ErrorCode.MACHINE_FAILED, cut(String.valueOf(told.getMessage())));
        }
        if (!(thrown instanceof InterruptedException || thrown instanceof CancellationException)) {
            LOG.error("a boot failed", thrown);
        }
        return new Failure(ErrorCode.MACHINE_FAILED, "the machine did not start");
    }

    private static String cut(String text) {
        return text.length() <= CONSOLE_SHOWN ? text : "…" + text.substring(text.length() - CONSOLE_SHOWN);
    }
}
