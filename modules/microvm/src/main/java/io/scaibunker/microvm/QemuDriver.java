package io.scaibunker.microvm;

import io.scaibunker.ext4.ScratchDisk;
import io.scaibunker.microvm.MachineException.Reason;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Machines by QEMU's {@code microvm} type: no PCI, no firmware menu, no device that was not asked for. */
public final class QemuDriver implements MachineDriver {
    private static final Logger log = LoggerFactory.getLogger(QemuDriver.class);

    private final QemuSettings settings;
    private final QemuCommand command;

    private QemuDriver(QemuSettings settings, QemuCommand command) {
        this.settings = settings;
        this.command = command;
    }

    /** Measures the host's clock where guests need it, which takes a tenth of a second. */
    public static QemuDriver open(QemuSettings settings) throws InterruptedException {
        var needsClock = settings.acceleration().kind() == Acceleration.Kind.TCG;
        var clock = needsClock ? HostClock.tscKilohertz() : OptionalLong.empty();
        return new QemuDriver(settings, new QemuCommand(settings, clock));
    }

    @Override
    public String name() {
        return "qemu";
    }

    @Override
    public Acceleration acceleration() {
        return settings.acceleration();
    }

    @Override
    public Machine start(MachineSpec spec) {
        try {
            var scratch = prepare(spec);
            var begun = System.nanoTime();
            var machine = QemuMachine.spawned(spec, spawn(spec, command.words(spec)));
            try {
                machine.attach();
                machine.started(new StartTimes(scratch, Duration.ofNanos(System.nanoTime() - begun)));
            } catch (IOException | RuntimeException failed) {
                machine.kill();
                throw failed;
            }
            log.info(
                    "machine {} started, process {}, {}",
                    spec.id(),
                    machine.pid(),
                    settings.acceleration().kind());
            return machine;
        } catch (IOException failed) {
            throw new MachineException(Reason.HOST, "starting machine " + spec.id() + ": " + failed, failed);
        }
    }

    /**
     * Takes hold of a machine that an earlier worker left running; {@link Leftovers#running} finds them. Commands of that
     * worker's callers end by it. Needs none of a driver's settings: a host that can start no machine any more still
     * serves those that run.
     *
     * @param id its name, for logs
     * @throws MachineException with {@link Reason#HOST}: it runs and cannot be held, or has just ended
     */
    public static Machine attach(String id, Path workDir, ProcessHandle process) {
        var machine = QemuMachine.found(id, workDir, process);
        try {
            machine.attach();
        } catch (IOException failed) {
            machine.leave();
            throw new MachineException(Reason.HOST, "attaching to machine " + id + ": " + failed, failed);
        }
        log.info("machine {} found again, process {}", id, process.pid());
        return machine;
    }

    /** @return what the disk has cost */
    private static Duration prepare(MachineSpec spec) throws IOException {
        for (var file : List.of(spec.kernel(), spec.initrd(), spec.rootfs())) {
            if (!Files.isReadable(file)) {
                throw new IOException("cannot read " + file);
            }
        }
        Files.createDirectories(
                spec.workDir(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (var socket : List.of(QemuCommand.AGENT_SOCKET, QemuCommand.CONSOLE_SOCKET, QemuCommand.MONITOR_SOCKET)) {
            Files.deleteIfExists(spec.workDir().resolve(socket));
        }
        var begun = System.nanoTime();
        try {
            ScratchDisk.create(spec.scratch(), spec.diskMb());
        } catch (FileAlreadyExistsException kept) {
            log.debug("machine {} starts on the scratch it had", spec.id());
        }
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /** In a session of its own: what the terminal sends to the worker does not reach it. */
    private static Process spawn(MachineSpec spec, List<String> words) throws IOException {
        var whole = new ArrayList<String>();
        spec.network().ifPresent(network -> whole.addAll(List.of("nsenter", "--net=" + network.namespace(), "--")));
        whole.add("setsid");
        whole.addAll(words);
        var builder = new ProcessBuilder(whole)
                .directory(spec.workDir().toFile())
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(Redirect.DISCARD);
        var path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        return builder.start();
    }
}
