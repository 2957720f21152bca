package io.scaibunker.microvm;

import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestException;
import io.scaibunker.guest.GuestHello;
import io.scaibunker.microvm.MachineException.Reason;
import io.scaibunker.microvm.MachineExit.Cause;
import java.io.IOException;
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

/** One monitor process, its console and its agent; what depends on the kind of monitor is behind its {@link MonitorDoor}. */
final class RunningMachine implements Machine {
    private static final Logger log = LoggerFactory.getLogger(RunningMachine.class);
    private static final int UNKNOWN_STATUS = -1;
    private static final int CONSOLE_BYTES = 64 * 1024;
    private static final int MONITOR_BYTES = 8 * 1024;
    private static final Duration AFTER_ASKING = Duration.ofSeconds(2);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final String id;
    private final ProcessHandle process;
    private final MonitorSockets sockets;
    private final ConsoleTail console = new ConsoleTail(CONSOLE_BYTES);
    private final ConsoleTail monitor = new ConsoleTail(MONITOR_BYTES);
    private final CompletableFuture<MachineExit> exit = new CompletableFuture<>();
    private final AgentLine agent;
    private volatile @Nullable Thread monitorReader;
    private volatile @Nullable Thread consoleReader;
    private volatile @Nullable MonitorDoor door;
    private volatile StartTimes startTimes = StartTimes.NONE;
    private volatile boolean asked;
    private volatile boolean paused;
    private volatile boolean left;
    private volatile boolean agentLost;

    private RunningMachine(String id, Path monitorDir, ProcessHandle process) {
        this.id = id;
        this.process = process;
        this.agent = new AgentLine(id);
        this.sockets = new MonitorSockets(monitorDir, process, () -> exit.join().consoleTail());
    }

    /**
     * A machine whose monitor was just spawned.
     *
     * @param monitorDir the monitor's working directory
     */
    static RunningMachine spawned(String id, Path monitorDir, Process child) {
        var machine = new RunningMachine(id, monitorDir, child.toHandle());
        // Reading a pipe holds on to its thread, so it gets a platform thread, a small one.
        machine.monitorReader = Thread.ofPlatform()
                .daemon()
                .stackSize(128 * 1024)
                .name("monitor-words-" + id)
                .start(() -> machine.monitor.addAll(child.getErrorStream()));
        child.onExit().thenAcceptAsync(ended -> machine.settle(ended.exitValue()), Thread::startVirtualThread);
        return machine;
    }

    /** A machine of an earlier worker: nobody will ever know its exit status, nor what it said before. */
    static RunningMachine found(String id, Path monitorDir, ProcessHandle process) {
        var machine = new RunningMachine(id, monitorDir, process);
        process.onExit().thenAcceptAsync(ended -> machine.settle(UNKNOWN_STATUS), Thread::startVirtualThread);
        return machine;
    }

    MonitorSockets sockets() {
        return sockets;
    }

    /** Listens to its console at once, so that what goes wrong from here on is told with the last of it. */
    void listen(MonitorDoor opened) {
        door = opened;
        consoleReader = opened.tail(console);
    }

    /** Takes hold of it, when its guest runs. */
    void attach(MonitorDoor opened) throws IOException {
        paused = opened.isPaused();
        agent.lay(opened, this::endWithoutAgent);
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
        letGo();
    }

    private void letGo() {
        agent.close();
        var opened = door;
        if (opened != null) {
            opened.close();
        }
    }

    /** Returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        exit.join();
    }

    private void settle(int status) {
        var cause = Optional.<Cause>empty();
        try {
            for (var reader : new Thread[] {monitorReader, consoleReader}) {
                if (reader != null) {
                    reader.join(LAST_WORDS);
                }
            }
            var opened = door;
            cause = opened == null ? cause : opened.cause(status, LAST_WORDS);
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
        }
        letGo();
        var ended = new MachineExit(cause(status, cause), status, consoleTail());
        log.info("machine {} ended: {}", id, ended.text());
        exit.complete(ended);
    }

    /** @param told by the monitor, of the guest's end */
    private Cause cause(int status, Optional<Cause> told) {
        if (asked) {
            return Cause.ASKED;
        }
        if (agentLost) {
            return Cause.AGENT;
        }
        return told.orElse(status == UNKNOWN_STATUS ? Cause.UNKNOWN : Cause.MONITOR);
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
            return agent.awaitHello(atMost);
        } catch (TimeoutException late) {
            throw new MachineException(Reason.TIMEOUT, "the agent of " + id + " did not answer in " + atMost, late);
        } catch (ExecutionException failed) {
            throw lost(failed);
        }
    }

    /** The connection is gone: because the machine is, or because its agent is not ours any more. */
    private MachineException lost(ExecutionException failed) throws InterruptedException {
        if (sockets.isGone(LAST_WORDS)) {
            var ended = exit.join();
            return new MachineException(
                    Reason.ENDED, "machine " + id() + ": " + ended.text() + "\n" + ended.consoleTail(), failed);
        }
        var why = failed.getCause() == null ? failed : failed.getCause();
        return new MachineException(Reason.NOT_READY, "machine " + id() + ": " + why.getMessage(), failed);
    }

    @Override
    public ExecHandle exec(ExecRequest request, ExecSink sink) {
        return agent.ready()
                .orElseThrow(
                        () -> new MachineException(Reason.NOT_READY, "the agent of machine " + id() + " is not there"))
                .exec(request, sink);
    }

    @Override
    public synchronized void pause() {
        tell(MonitorDoor::pause);
        paused = true;
    }

    @Override
    public synchronized void resume(Duration atMost) throws InterruptedException {
        tell(MonitorDoor::goOn);
        paused = false;
        awaitReady(atMost);
        agent.ready().ifPresent(connection -> connection.setClock(Instant.now()));
    }

    private interface Word {
        void tell(MonitorDoor door) throws IOException;
    }

    private void tell(Word word) {
        var opened = door;
        try {
            if (opened == null) {
                throw new IOException("it was never attached");
            }
            word.tell(opened);
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
        var ready = agent.ready();
        if (ready.isPresent() && process.isAlive()) {
            ready.get().powerOff();
            ended(grace);
        }
        if (process.isAlive()) {
            tryTo(MonitorDoor::askToEnd);
            ended(AFTER_ASKING);
        }
        process.destroyForcibly();
        return exit.join();
    }

    /** What is paused cannot power off. */
    private void goOn() {
        if (paused && process.isAlive() && tryTo(MonitorDoor::goOn)) {
            paused = false;
        }
    }

    private boolean tryTo(Word word) {
        try {
            tell(word);
            return true;
        } catch (MachineException stuck) {
            log.debug("machine {} does not listen and will be killed", id, stuck);
            return false;
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

    @Override
    public CompletableFuture<MachineExit> onExit() {
        return exit.copy();
    }

    @Override
    public String consoleTail() {
        return (console.text() + monitor.text()).strip();
    }
}
