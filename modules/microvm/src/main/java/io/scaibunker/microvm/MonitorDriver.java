package io.scaibunker.microvm;

import io.scaibunker.microvm.MachineException.Reason;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the start of a machine is, whatever the monitor. */
abstract sealed class MonitorDriver implements MachineDriver permits QemuDriver, FirecrackerDriver {
    private static final Logger log = LoggerFactory.getLogger(MonitorDriver.class);

    @Override
    public final Machine start(MachineSpec spec) {
        try {
            var scratch = spec.prepare();
            var begun = System.nanoTime();
            var spawned = spawn(spec);
            var machine = spawned.machine();
            try {
                spawned.boot().run();
                machine.started(new StartTimes(scratch, Duration.ofNanos(System.nanoTime() - begun)));
            } catch (IOException | RuntimeException failed) {
                machine.kill();
                throw failed;
            }
            log.info(
                    "machine {} started by {}, process {}, {}",
                    spec.id(),
                    name(),
                    machine.pid(),
                    acceleration().kind());
            return machine;
        } catch (IOException failed) {
            throw new MachineException(Reason.HOST, "starting machine " + spec.id() + ": " + failed, failed);
        }
    }

    /**
     * A machine whose monitor has just begun.
     *
     * @param boot brings its kernel to run, and takes hold of it
     */
    record Spawned(RunningMachine machine, Boot boot) {}

    /** What comes after the spawn; when it fails, the monitor is killed. */
    interface Boot {
        void run() throws IOException;
    }

    abstract Spawned spawn(MachineSpec spec) throws IOException;
}
