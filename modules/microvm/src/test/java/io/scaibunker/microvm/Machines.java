package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What the tests of machines share. */
final class Machines {
    private static final Acceleration TCG = new Acceleration(Acceleration.Kind.TCG, "the tests run anywhere");

    private Machines() {}

    static QemuDriver driver(Path programs) throws IOException, InterruptedException {
        return QemuDriver.open(QemuSettings.of(TCG), confinement(programs));
    }

    static Confinement confinement(Path programs) throws IOException {
        return Confinement.find(programs, 700_000, TCG);
    }

    static MachineSpec spec(GuestImage image, Path workDir, String name) {
        return spec(image, workDir, name, 1000);
    }

    static MachineSpec spec(GuestImage image, Path workDir, String name, int millicores) {
        return spec(image, workDir, name, millicores, Optional.empty());
    }

    static MachineSpec spec(GuestImage image, Path workDir, String name, Optional<MachineNetwork> network) {
        return spec(image, workDir, name, 1000, network);
    }

    private static MachineSpec spec(
            GuestImage image, Path workDir, String name, int millicores, Optional<MachineNetwork> network) {
        return new MachineSpec(
                name,
                workDir,
                image.kernel().image(),
                image.initrd(),
                image.rootfs(),
                workDir.resolve("scratch.ext4"),
                64,
                millicores,
                192,
                name.replace('_', '-'),
                network);
    }

    /** Waits for a state. */
    static void eventually(Duration atMost, Callable<Boolean> state) throws Exception {
        var deadline = System.nanoTime() + atMost.toNanos();
        while (!state.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not reached in " + atMost);
            }
            new CompletableFuture<Void>()
                    .completeOnTimeout(null, 20, TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    static <T> CompletableFuture<T> async(Callable<T> work) {
        var result = new CompletableFuture<T>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(work.call());
            } catch (Exception | AssertionError failed) {
                result.completeExceptionally(failed);
            }
        });
        return result;
    }
}
