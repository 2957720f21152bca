package io.scaibunker.microvm;

import io.scaibunker.microvm.MachineExit.Cause;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;

/** What each kind of monitor does in its own way, of one machine. Methods block; all are safe for several threads. */
interface MonitorDoor extends AutoCloseable {
    /** Begins to keep what the guest prints; the thread ends when nothing more can come. */
    Thread tail(ConsoleTail console);

    /** A way to the agent. Where that takes an agent that listens, it waits for one, until this is closed. */
    SocketChannel agent() throws IOException;

    void pause() throws IOException;

    void goOn() throws IOException;

    boolean isPaused() throws IOException;

    /** Asks for the machine's end, after its agent was asked in vain and before the monitor is killed. */
    void askToEnd() throws IOException;

    /**
     * Who ended the machine, where the monitor tells: asked for when its process is gone.
     *
     * @param status of the process, {@link MachineExit#status}
     */
    Optional<Cause> cause(int status, Duration atMost) throws InterruptedException;

    /** Lets go; the machine runs on. */
    @Override
    void close();
}
