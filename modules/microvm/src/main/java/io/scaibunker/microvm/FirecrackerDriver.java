package io.scaibunker.microvm;

import io.scaibunker.guest.GuestKernel;
import io.scaibunker.guest.KernelElf;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Machines by Firecracker, alone or in its jailer's jail. All that one needs lies in the machine's room under a second name: there
 * is nothing else that its user, or what is in the jail, could reach.
 */
public final class FirecrackerDriver extends MonitorDriver {
    private static final Pattern VERSION = Pattern.compile("v([0-9]{1,4})\\.([0-9]{1,4})\\.");

    /** From 1.8 on it describes its devices by ACPI; the distribution's kernel has no other way to find them. */
    private static final int OLDEST = 1_008;

    private static final int PROCESSORS_MAX = 32;

    private final Vertx vertx;
    private final FirecrackerSettings settings;
    private final Path program;
    private final Optional<Path> jailer;
    private final Confinement confinement;

    private FirecrackerDriver(
            Vertx vertx, FirecrackerSettings settings, Path program, Optional<Path> jailer, Confinement confinement) {
        this.vertx = vertx;
        this.settings = settings;
        this.program = program;
        this.jailer = jailer;
        this.confinement = confinement;
    }

    /** @throws IOException saying what this host lacks for it */
    public static FirecrackerDriver open(Vertx vertx, FirecrackerSettings settings, Confinement confinement)
            throws IOException, InterruptedException {
        if (settings.acceleration().kind() != Acceleration.Kind.KVM) {
            throw new IOException("Firecracker runs under KVM alone, and "
                    + settings.acceleration().reason());
        }
        var program = find(settings.program());
        requireVersion(program);
        if (settings.jailer().isPresent() && !confinement.hasUsers()) {
            throw new IOException("the jailer needs a worker that is root and has worker.machine-users");
        }
        var jailer = settings.jailer().isPresent()
                ? Optional.of(find(settings.jailer().get()))
                : Optional.<Path>empty();
        return new FirecrackerDriver(vertx, settings, program, jailer, confinement);
    }

    private static Path find(Path program) throws IOException {
        var places = program.getNameCount() == 1 && !program.isAbsolute()
                ? Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).map(Path::of)
                : Stream.of(Path.of(""));
        return places.map(place -> place.resolve(program).toAbsolutePath())
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException(program + " is not there, or is no program"));
    }

    private static void requireVersion(Path program) throws IOException, InterruptedException {
        var asked = new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        try {
            if (!asked.waitFor(10, TimeUnit.SECONDS)) {
                throw new IOException(program + " --version does not end");
            }
            var said = new String(asked.getInputStream().readNBytes(200), StandardCharsets.UTF_8);
            var version = VERSION.matcher(said);
            if (!version.find()) {
                throw new IOException(program + " --version says no version: " + said.strip());
            }
            if (Integer.parseInt(version.group(1)) * 1000 + Integer.parseInt(version.group(2)) < OLDEST) {
                throw new IOException(program + " is " + version.group() + "; it must be v1.8 or newer");
            }
        } finally {
            asked.destroyForcibly();
        }
    }

    @Override
    public String name() {
        return "firecracker";
    }

    @Override
    public Acceleration acceleration() {
        return settings.acceleration();
    }

    @Override
    public int networkUser(String id) {
        return Math.max(0, confinement.user(id));
    }

    @Override
    Spawned spawn(MachineSpec spec) throws IOException {
        if (spec.processors() > PROCESSORS_MAX) {
            throw new IOException("Firecracker gives a machine " + PROCESSORS_MAX + " processors at most");
        }
        var room = jailer.isPresent() ? jail(spec) : confinement.makeRoom(spec);
        lend(spec.kernel(), room.resolve(FirecrackerCommand.KERNEL));
        lend(spec.initrd(), room.resolve(FirecrackerCommand.INITRD));
        lend(spec.rootfs(), room.resolve(FirecrackerCommand.IMAGE));
        var scratch = room.resolve(FirecrackerCommand.SCRATCH);
        link(spec.scratch(), scratch);
        confinement.give(scratch, spec);
        var console = FirecrackerConsole.make(spec);
        try {
            var process = Confinement.spawn(words(spec), room);
            process.onExit().thenRun(console::handedOver);
            var machine = RunningMachine.spawned(spec.id(), room, process);
            var door = new FirecrackerDoor(vertx, spec.id(), machine.sockets(), console);
            machine.listen(door);
            return new Spawned(machine, () -> boot(machine, door, spec));
        } catch (IOException failed) {
            console.close();
            throw failed;
        }
    }

    private void boot(RunningMachine machine, FirecrackerDoor door, MachineSpec spec) throws IOException {
        machine.sockets().connect(FirecrackerCommand.API_SOCKET).close();
        door.listening();
        for (var call : FirecrackerCalls.toStart(spec, settings.diskRate())) {
            door.api().put(call);
        }
        machine.attach(door);
    }

    static RunningMachine found(Vertx vertx, String id, Path workDir, ProcessHandle process) throws IOException {
        var machine = RunningMachine.found(id, workDir.resolve(MachineSpec.RUN).toRealPath(), process);
        var door = new FirecrackerDoor(vertx, id, machine.sockets(), FirecrackerConsole.open(workDir));
        door.listening();
        machine.listen(door);
        machine.attach(door);
        return machine;
    }

    /** A jail of the jailer's own order, made beforehand because files are put there; {@code run} leads to it. */
    private Path jail(MachineSpec spec) throws IOException {
        var run = spec.workDir().resolve(MachineSpec.RUN);
        var jail = FirecrackerCommand.jail(program, spec);
        Leftovers.remove(run);
        Leftovers.remove(FirecrackerCommand.jails(spec));
        Files.createDirectories(
                jail, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(run, jail);
        confinement.give(jail, spec);
        return jail;
    }

    /** For reading; whose directory keeps strangers out, its own mode may be anybody's. */
    private void lend(Path file, Path as) throws IOException {
        link(file, as);
        var mode = Files.getPosixFilePermissions(as);
        if (confinement.hasUsers() && mode.add(PosixFilePermission.OTHERS_READ)) {
            Files.setPosixFilePermissions(as, mode);
        }
    }

    private static void link(Path file, Path as) throws IOException {
        try {
            Files.createLink(as, file.toRealPath());
        } catch (FileSystemException failed) {
            throw new IOException(
                    "for Firecracker all of a worker's files must lie in one file system: " + failed.getMessage(),
                    failed);
        }
    }

    private List<String> words(MachineSpec spec) throws IOException {
        var overhead = settings.overheadMb();
        var opened = FirecrackerConsole.opened(spec);
        if (jailer.isEmpty()) {
            return confinement.words(spec, overhead, opened, FirecrackerCommand.words(program, spec));
        }
        var user = confinement.user(spec.id());
        var words = FirecrackerCommand.jailerWords(jailer.get(), program, spec, user);
        return confinement.wordsOfJailer(spec, overhead, opened, words);
    }

    /** The kernel as every version of Firecracker loads it, unpacked into a directory. */
    public static Path kernel(GuestKernel kernel, Path directory) throws IOException {
        var unpacked = directory.resolve("vmlinux");
        KernelElf.write(kernel.image(), unpacked);
        return unpacked;
    }

    /**
     * The words of a machine without disks whose agent says that it runs and ends it, for {@link AccelerationProbe}.
     *
     * @param directory where the configuration of that machine is written
     */
    public static List<String> probeWords(Path program, Path kernel, Path initrd, Path directory) throws IOException {
        return FirecrackerCommand.probeWords(
                find(program),
                kernel.toAbsolutePath(),
                initrd.toAbsolutePath(),
                directory.resolve("probe.json").toAbsolutePath());
    }
}
