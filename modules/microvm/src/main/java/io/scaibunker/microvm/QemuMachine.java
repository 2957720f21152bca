package io.scaibunker.microvm;

import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestConnection;
import io.scaibunker.guest.GuestException;
import io.scaibunker.guest.GuestHello;
import io.scaibunker.microvm.MachineException.Reason;
import io.scaibunker.microvm.MachineExit.Cause;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One QEMU process, its console and its agent. */
final class QemuMachine implements Machine {
    private static final Logger log = LoggerFactory.getLogger(QemuMachine.class);
    private static final int UNKNOWN_STATUS = -1;
    private static final int CONSOLE_BYTES = 64 * 1024;
    private static final int MONITOR_BYTES = 8 * 1024;
    private static final Duration AFTER_TERMINATE = Duration.ofSeconds(2);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final String id;
    private final ProcessHandle process;
    private final QemuSockets sockets;
    private final ConsoleTail console = new ConsoleTail(CONSOLE_BYTES);
    private final ConsoleTail monitor = new ConsoleTail(MONITOR_BYTES);
    private final CompletableFuture<MachineExit> exit = new CompletableFuture<>();
    private volatile @Nullable Thread monitorReader;
    private volatile @Nullable Thread consoleReader;
    private volatile @Nullable SocketChannel consoleChannel;
    private volatile @Nullable GuestConnection guest;
    private volatile @Nullable QemuMonitor door;
    private volatile StartTimes startTimes = StartTimes.NONE;
    private volatile boolean asked;
    private volatile boolean paused;
    private volatile boolean left;
    private volatile boolean agentLost;

    private QemuMachine(String id, Path workDir, ProcessHandle process) {
        this.id = id;
        this.process = process;
        this.sockets = new QemuSockets(workDir, process, () -> exit.join().consoleTail());
    }

    /** A machine that was just spawned. */
    static QemuMachine spawned(MachineSpec spec, Process child) {
        var machine = new QemuMachine(spec.id(), spec.workDir(), child.toHandle());
        // Reading a pipe holds on to its thread, so it gets a platform thread, a small one.
        machine.monitorReader = Thread.ofPlatform()
                .daemon()
                .stackSize(128 * 1024)
                .name("qemu-words-" + spec.id())
                .start(() -> copy(child.getErrorStream(), machine.monitor));
        child.onExit().thenAcceptAsync(ended -> machine.settle(ended.exitValue()), Thread::startVirtualThread);
        return machine;
    }

    /** A machine of an earlier worker: nobody will ever know its exit status, nor what it said before. */
    static QemuMachine found(String id, Path workDir, ProcessHandle process) {
        var machine = new QemuMachine(id, workDir, process);
        process.onExit().thenAcceptAsync(ended -> machine.settle(UNKNOWN_STATUS), Thread::startVirtualThread);
        return machine;
    }

    /** Takes hold of its sockets. */
    void attach() throws IOException {
        var channel = sockets.connect(QemuCommand.CONSOLE_SOCKET);
        consoleChannel = channel;
        consoleReader =
                Thread.ofVirtual().name("console-" + id).start(() -> copy(Channels.newInputStream(channel), console));
        var monitorDoor = QemuMonitor.open(id, sockets.connect(QemuCommand.MONITOR_SOCKET));
        door = monitorDoor;
        paused = monitorDoor.isPaused();
        var connection = GuestConnection.open(id, sockets.connect(QemuCommand.AGENT_SOCKET));
        guest = connection;
        connection.closed().thenAcceptAsync(this::endWithoutAgent, Thread::startVirtualThread);
    }

    void started(StartTimes times) {
        startTimes = times;
    }

    /** A machine whose agent is gone is of no use to anybody, and nobody could end it well. */
    private void endWithoutAgent(GuestException why) {
        try {
            if (!left && !asked && !sockets.isGone(LAST_WORDS)) {
                log.warn("ending machine {}: {}", id, why.getMessage());
                agentLost = true;
                process.destroyForcibly();
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void leave() {
        left = true;
        var connection = guest;
        if (connection != null) {
            connection.close();
        }
        var channel = consoleChannel;
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.debug("letting go of the console of {} failed", id, e);
        }
        var monitorDoor = door;
        if (monitorDoor != null) {
            monitorDoor.close();
        }
    }

    /** Returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        exit.join();
    }

    private static void copy(InputStream from, ConsoleTail to) {
        var bytes = new byte[4096];
        try (from) {
            for (var got = from.read(bytes); got >= 0; got = from.read(bytes)) {
                to.add(bytes, 0, got);
            }
        } catch (IOException ended) {
            log.debug("a console ended", ended);
        }
    }

    private void settle(int status) {
        try {
            for (var reader : new Thread[] {monitorReader, consoleReader}) {
                if (reader != null) {
                    reader.join(LAST_WORDS);
                }
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
        }
        var connection = guest;
        if (connection != null) {
            connection.close();
        }
        var ended = new MachineExit(cause(status, lastWord()), status, consoleTail());
        log.info("machine {} ended: {}", id, ended.text());
        exit.complete(ended);
    }

    private Optional<String> lastWord() {
        var monitorDoor = door;
        try {
            return monitorDoor == null ? Optional.empty() : monitorDoor.shutdown(LAST_WORDS);
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** @param said by QEMU, of the guest's end or of a signal it got */
    private Cause cause(int status, Optional<String> said) {
        if (asked) {
            return Cause.ASKED;
        }
        if (agentLost) {
            return Cause.AGENT;
        }
        if (said.isPresent() && said.get().startsWith("guest-")) {
            return said.get().equals("guest-shutdown") ? Cause.POWERED_OFF : Cause.GUEST;
        }
        return status == UNKNOWN_STATUS ? Cause.UNKNOWN : Cause.MONITOR;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public GuestHello awaitReady(Duration atMost) throws InterruptedException {
        try {
            return connection().awaitHello(atMost);
        } catch (GuestException failed) {
            throw switch (failed.reason()) {
                case TIMEOUT -> new MachineException(Reason.TIMEOUT, String.valueOf(failed.getMessage()), failed);
                default -> lost(failed);
            };
        }
    }

    /** The connection is gone: because the machine is, or because its agent is not ours any more. */
    private MachineException lost(GuestException failed) throws InterruptedException {
        if (sockets.isGone(LAST_WORDS)) {
            var ended = exit.join();
            return new MachineException(
                    Reason.ENDED, "machine " + id() + ": " + ended.text() + "\n" + ended.consoleTail(), failed);
        }
        return new MachineException(Reason.NOT_READY, "machine " + id() + ": " + failed.getMessage(), failed);
    }

    @Override
    public ExecHandle exec(ExecRequest request, ExecSink sink) {
        var connection = connection();
        if (!connection.isReady()) {
            throw new MachineException(Reason.NOT_READY, "the agent of machine " + id() + " is not there");
        }
        return connection.exec(request, sink);
    }

    @Override
    public synchronized void pause() {
        tell("stop");
        paused = true;
    }

    @Override
    public synchronized void resume(Duration atMost) throws InterruptedException {
        tell("cont");
        paused = false;
        awaitReady(atMost);
        connection().setClock(Instant.now());
    }

    private void tell(String command) {
        var monitorDoor = door;
        try {
            if (monitorDoor == null) {
                throw new IOException("it was never attached");
            }
            monitorDoor.ask(command);
        } catch (IOException failed) {
            throw new MachineException(Reason.NOT_READY, "machine " + id + ": " + failed.getMessage(), failed);
        }
    }

    @Override
    public boolean isPaused() {
        return paused;
    }

    @Override
    public StartTimes startTimes() {
        return startTimes;
    }

    @Override
    public MachineExit stop(Duration grace) {
        asked = true;
        goOn();
        var connection = connection();
        if (connection.isReady() && process.isAlive()) {
            connection.powerOff();
            ended(grace);
        }
        if (process.isAlive()) {
            process.destroy();
            ended(AFTER_TERMINATE);
        }
        process.destroyForcibly();
        return exit.join();
    }

    /** What is paused cannot power off. */
    private void goOn() {
        try {
            if (paused && process.isAlive()) {
                tell("cont");
                paused = false;
            }
        } catch (MachineException stuck) {
            log.debug("machine {} does not go on and will be killed", id, stuck);
        }
    }

    private void ended(Duration atMost) {
        try {
            exit.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException given) {
            // In a hurry: the next step follows at once.
            Thread.currentThread().interrupt();
        } catch (TimeoutException late) {
            log.debug("machine {} did not end in {}", id(), atMost);
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private GuestConnection connection() {
        var connection = guest;
        if (connection == null) {
            throw new IllegalStateException("machine " + id() + " was never attached");
        }
        return connection;
    }

    @Override
    public CompletableFuture<MachineExit> onExit() {
        return exit.copy();
    }

    @Override
    public String consoleTail() {
        return (console.text() + monitor.text()).strip();
    }
}
