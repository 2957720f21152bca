package io.scaibunker.worker;

import io.scaibunker.guest.GuestKernel;
import io.scaibunker.guest.Initrd;
import io.scaibunker.microvm.Acceleration;
import io.scaibunker.microvm.AccelerationProbe;
import io.scaibunker.microvm.Confinement;
import io.scaibunker.microvm.FirecrackerDriver;
import io.scaibunker.microvm.FirecrackerSettings;
import io.scaibunker.microvm.MachineDriver;
import io.scaibunker.microvm.QemuDriver;
import io.scaibunker.microvm.QemuSettings;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What machines run by on this host.
 *
 * @param kernel what they boot, in the form that the driver wants
 */
record MachineHost(MachineDriver driver, Path kernel, Path initrd, Confinement confinement) {

    /**
     * Finds it out, which may take the boot of a kernel.
     *
     * @throws IOException saying why machines cannot run here
     */
    static MachineHost find(WorkerConfig config, WorkerFiles files, Vertx vertx)
            throws IOException, InterruptedException {
        GuestKernel kernel = GuestKernel.read(config.guestKernel());
        Path initrd = files.guest().resolve("initrd");
        Initrd.write(kernel, initrd);
        return switch (config.driver()) {
            case QEMU -> qemu(config, files, kernel, initrd);
            case FIRECRACKER -> firecracker(config, files, kernel, initrd, vertx);
        };
    }

    private static MachineHost qemu(WorkerConfig config, WorkerFiles files, GuestKernel kernel, Path initrd)
            throws IOException, InterruptedException {
        Acceleration runs = runs(config, files, kernel, QemuDriver.probeWords(kernel.image(), initrd));
        Confinement confinement = Confinement.find(files.guest(), config.machineUsers(), runs);
        QemuSettings settings = QemuSettings.of(runs).withDiskRate(config.diskRate());
        return new MachineHost(QemuDriver.open(settings, confinement), kernel.image(), initrd, confinement);
    }

    private static MachineHost firecracker(
            WorkerConfig config, WorkerFiles files, GuestKernel kernel, Path initrd, Vertx vertx)
            throws IOException, InterruptedException {
        Path unpacked = FirecrackerDriver.kernel(kernel, files.guest());
        Acceleration runs = runs(
                config,
                files,
                kernel,
                FirecrackerDriver.probeWords(config.firecracker(), unpacked, initrd, files.guest()));
        Confinement confinement = Confinement.find(files.guest(), config.machineUsers(), runs);
        FirecrackerSettings settings =
                FirecrackerSettings.of(config.firecracker(), config.jailer(), runs, config.diskRate());
        return new MachineHost(FirecrackerDriver.open(vertx, settings, confinement), unpacked, initrd, confinement);
    }

    private static Acceleration runs(WorkerConfig config, WorkerFiles files, GuestKernel kernel, List<String> probe)
            throws IOException, InterruptedException {
        return switch (config.acceleration()) {
            case PROBE -> AccelerationProbe.probe(files.guest(), kernel, probe);
            case KVM -> new Acceleration(Acceleration.Kind.KVM, "conf says so");
            case TCG -> new Acceleration(Acceleration.Kind.TCG, "conf says so");
        };
    }
}
