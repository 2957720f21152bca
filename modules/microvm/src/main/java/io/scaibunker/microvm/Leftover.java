package io.scaibunker.microvm;

import io.scaibunker.microvm.MachineException.Reason;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A machine that an earlier run of a worker has left running, as {@link Leftovers} found it. */
public final class Leftover {
    private static final Logger log = LoggerFactory.getLogger(Leftover.class);

    private final MonitorKind kind;
    private final Path workDir;
    private final ProcessHandle process;

    Leftover(MonitorKind kind, Path workDir, ProcessHandle process) {
        this.kind = kind;
        this.workDir = workDir;
        this.process = process;
    }

    /** Of its monitor. */
    public long pid() {
        return process.pid();
    }

    /**
     * Takes hold of it; commands of the earlier worker's callers end by it. Needs no driver: a host that can start no machine
     * any more, or starts them by another monitor, still serves those that run.
     *
     * @param id its name, for logs
     * @throws MachineException with {@link Reason#HOST}: it runs and cannot be held, or has just ended
     */
    public Machine attach(Vertx vertx, String id) {
        try {
            var machine = switch (kind) {
                case QEMU -> QemuDriver.found(id, workDir, process);
                case FIRECRACKER -> FirecrackerDriver.found(vertx, id, workDir, process);
            };
            log.info("machine {} found again, process {}", id, process.pid());
            return machine;
        } catch (IOException failed) {
            throw new MachineException(Reason.HOST, "attaching to machine " + id + ": " + failed, failed);
        }
    }

    /** Kills it and returns when it is gone. */
    public void end() throws IOException, InterruptedException {
        log.info("ending process {}, a machine that was left running", process.pid());
        process.destroyForcibly();
        try {
            process.onExit().get(10, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IOException("process " + process.pid() + " does not end", e);
        }
    }
}
