package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Machines by QEMU's {@code microvm} type: no PCI, no firmware menu, no device that was not asked for. */
public final class QemuDriver extends MonitorDriver {
    /** What QEMU takes beside its guest's memory, with room to spare; under TCG it keeps what it has translated. */
    private static final int OVERHEAD_MB = 256;

    private static final int TCG_OVERHEAD_MB = OVERHEAD_MB + QemuCommand.TRANSLATED_MB;

    private final QemuSettings settings;
    private final QemuCommand command;
    private final Confinement confinement;

    private QemuDriver(QemuSettings settings, QemuCommand command, Confinement confinement) {
        this.settings = settings;
        this.command = command;
        this.confinement = confinement;
    }

    /** Measures the host's clock where guests need it, which takes a tenth of a second. */
    public static QemuDriver open(QemuSettings settings, Confinement confinement) throws InterruptedException {
        var needsClock = settings.acceleration().kind() == Acceleration.Kind.TCG;
        var clock = needsClock ? HostClock.tscKilohertz() : OptionalLong.empty();
        return new QemuDriver(settings, new QemuCommand(settings, clock), confinement);
    }

    @Override
    public String name() {
        return "qemu";
    }

    @Override
    public Acceleration acceleration() {
        return settings.acceleration();
    }

    /** QEMU is given it open. */
    @Override
    public int networkUser(String id) {
        return 0;
    }

    @Override
    Spawned spawn(MachineSpec spec) throws IOException {
        var overhead = settings.acceleration().kind() == Acceleration.Kind.TCG ? TCG_OVERHEAD_MB : OVERHEAD_MB;
        confinement.makeRoom(spec);
        var words = confinement.words(spec, overhead, QemuCommand.opened(spec), command.words(spec));
        var process = Confinement.spawn(words, spec.workDir());
        var machine = RunningMachine.spawned(spec.id(), spec.workDir(), process);
        return new Spawned(machine, () -> hold(machine));
    }

    static RunningMachine found(String id, Path workDir, ProcessHandle process) throws IOException {
        var machine = RunningMachine.found(id, workDir, process);
        hold(machine);
        return machine;
    }

    private static void hold(RunningMachine machine) throws IOException {
        var door = QemuDoor.open(machine.id(), machine.sockets());
        machine.listen(door);
        machine.attach(door);
    }

    /** The words of a machine without disks whose agent says that it runs and powers off, for {@link AccelerationProbe}. */
    public static List<String> probeWords(Path kernel, Path initrd) {
        var settings = QemuSettings.of(new Acceleration(Acceleration.Kind.KVM, "to be seen"));
        return new QemuCommand(settings, OptionalLong.empty()).probeWords(kernel, initrd.toAbsolutePath());
    }
}
