package io.scaibunker.guest;

import io.scaibunker.guest.ExecRequest.Terminal;
import java.util.concurrent.CompletableFuture;

/** One command in a guest, from the moment it was asked for. Safe for several threads. */
public interface ExecHandle {
    /** SIGKILL on Linux. */
    int KILL = 9;

    /** SIGHUP on Linux: what a terminal that is gone says. */
    int HANG_UP = 1;

    /** SIGTERM on Linux. */
    int TERMINATE = 15;

    /**
     * Sends bytes to the command's standard input and returns when all are on their way. Blocks while the command does
     * not read. Bytes for a command that has ended or closed its input are dropped.
     *
     * @throws GuestException when the connection is gone
     * @throws IllegalStateException when the request had no stdin, or it was closed here
     */
    void write(byte[] bytes) throws InterruptedException;

    /** The command reads end of file after what was written. Asking twice is fine. */
    void closeStdin();

    /**
     * Sends a signal to the command's process group; {@link #KILL} reaches everything the command ever started, even
     * what left its group. Asking after the end is fine.
     */
    void signal(int number);

    /** Another size for the command's terminal; nothing where it has none. */
    void resize(Terminal size);

    /**
     * Ends with the command, after the sink has taken the last byte of its output. Fails with {@link GuestException}
     * when the connection ends first, and with the sink's exception when that threw.
     */
    CompletableFuture<ExecOutcome> outcome();
}
