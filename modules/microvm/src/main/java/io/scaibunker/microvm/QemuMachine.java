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
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
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
    private static final Duration SOCKETS = Duration.ofSeconds(10);
    private static final Duration AFTER_TERMINATE = Duration.ofSeconds(2);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** The kernel's bound is 108 with the closing zero. */
    private static final int LONGEST_SOCKET_PATH = 100;

    private final String id;
    private final Path workDir;
    private final ProcessHandle process;
    private final ConsoleTail console = new ConsoleTail(CONSOLE_BYTES);
    private final ConsoleTail monitor = new ConsoleTail(MONITOR_BYTES);
    private final CompletableFuture<MachineExit> exit = new CompletableFuture<>();
    private volatile @Nullable Thread monitorReader;
    private volatile @Nullable Thread consoleReader;
    private volatile @Nullable SocketChannel consoleChannel;
    private volatile @Nullable GuestConnection guest;
    private volatile boolean asked;

    private QemuMachine(String id, Path workDir, ProcessHandle process) {
        this.id = id;
        this.workDir = workDir;
        this.process = process;
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

    /** Takes hold of the two sockets. */
    void attach() throws IOException {
        var channel = connect(QemuCommand.CONSOLE_SOCKET);
        consoleChannel = channel;
        consoleReader =
                Thread.ofVirtual().name("console-" + id).start(() -> copy(Channels.newInputStream(channel), console));
        guest = GuestConnection.open(id, connect(QemuCommand.AGENT_SOCKET));
    }

    @Override
    public void leave() {
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
    }

    /** Returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        exit.join();
    }

    private SocketChannel connect(String socket) throws IOException {
        var deadline = System.nanoTime() + SOCKETS.toNanos();
        while (true) {
            try {
                return SocketChannel.open(UnixDomainSocketAddress.of(reachable(socket)));
            } catch (IOException notYet) {
                pause(deadline, socket, notYet);
            }
        }
    }

    /** By the process's own working directory where the real path is too long for a socket. */
    private Path reachable(String socket) {
        var direct = workDir.resolve(socket);
        return direct.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_SOCKET_PATH
                ? direct
                : Path.of("/proc", Long.toString(process.pid()), "cwd", socket);
    }

    /** Waits a little, unless waiting is of no use. */
    private void pause(long deadline, String socket, IOException why) throws IOException {
        try {
            if (isGone(Duration.ofMillis(5))) {
                throw endedAtOnce();
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while QEMU started", given);
        }
        if (System.nanoTime() > deadline) {
            throw new IOException("QEMU did not open its " + socket + " in " + SOCKETS, why);
        }
    }

    private boolean isGone(Duration within) throws InterruptedException {
        try {
            process.onExit().get(within.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException runs) {
            return false;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private IOException endedAtOnce() {
        return new IOException("QEMU ended at once: " + exit.join().consoleTail());
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
        var ended = new MachineExit(cause(status), status, consoleTail());
        log.info("machine {} ended: {}", id, ended.text());
        exit.complete(ended);
    }

    private Cause cause(int status) {
        if (asked) {
            return Cause.ASKED;
        }
        if (status == UNKNOWN_STATUS) {
            return Cause.UNKNOWN;
        }
        // QEMU answers a signal with status 0, as it does when the guest powers off; but it says so.
        return status == 0 && !monitor.text().contains("terminating on signal") ? Cause.GUEST : Cause.MONITOR;
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
        if (isGone(LAST_WORDS)) {
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
    public MachineExit stop(Duration grace) {
        asked = true;
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
