package io.scaibunker.microvm;

import io.scaibunker.microvm.MachineExit.Cause;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sockets of one QEMU: its console, its monitor, and the other end of the agent's port. */
final class QemuDoor implements MonitorDoor {
    private static final Logger log = LoggerFactory.getLogger(QemuDoor.class);

    private final String id;
    private final ProcessHandle process;
    private final SocketChannel console;
    private final QemuMonitor monitor;
    private final SocketChannel agent;

    private QemuDoor(
            String id, ProcessHandle process, SocketChannel console, QemuMonitor monitor, SocketChannel agent) {
        this.id = id;
        this.process = process;
        this.console = console;
        this.monitor = monitor;
        this.agent = agent;
    }

    /** Waits until QEMU has opened them. */
    static QemuDoor open(String id, MonitorSockets sockets) throws IOException {
        return new QemuDoor(
                id,
                sockets.process(),
                sockets.connect(QemuCommand.CONSOLE_SOCKET),
                QemuMonitor.open(id, sockets.connect(QemuCommand.MONITOR_SOCKET)),
                sockets.connect(QemuCommand.AGENT_SOCKET));
    }

    @Override
    public Thread tail(ConsoleTail to) {
        return Thread.ofVirtual().name("console-" + id).start(() -> to.addAll(Channels.newInputStream(console)));
    }

    /** The port is there before its agent is, and what is sent waits for it. */
    @Override
    public SocketChannel agent() {
        return agent;
    }

    @Override
    public void pause() throws IOException {
        monitor.ask("stop");
    }

    @Override
    public void goOn() throws IOException {
        monitor.ask("cont");
    }

    @Override
    public boolean isPaused() throws IOException {
        return monitor.isPaused();
    }

    @Override
    public void askToEnd() {
        process.destroy();
    }

    @Override
    public Optional<Cause> cause(int status, Duration atMost) throws InterruptedException {
        return monitor.shutdown(atMost)
                .filter(said -> said.startsWith("guest-"))
                .map(said -> said.equals("guest-shutdown") ? Cause.POWERED_OFF : Cause.GUEST);
    }

    @Override
    public void close() {
        try (agent;
                console) {
            monitor.close();
        } catch (IOException e) {
            log.debug("letting go of the sockets of {} failed", id, e);
        }
    }
}
