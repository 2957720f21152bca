package io.scaibunker.microvm;

import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestHello;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A microVM that was started. Methods block; all are safe for several threads. */
public interface Machine {
    String id();

    /** Of the monitor process on the host. */
    long pid();

    /**
     * Waits until the agent has answered: from then on commands run. Asking again answers at once.
     *
     * @throws MachineException TIMEOUT (the machine still runs) or ENDED
     */
    GuestHello awaitReady(Duration atMost) throws InterruptedException;

    /**
     * Starts a command and returns at once; many may run at the same time.
     *
     * @throws MachineException NOT_READY before {@link #awaitReady} and after the end
     * @throws io.scaibunker.guest.GuestException when the request is too large, too many run, or the agent is gone
     */
    ExecHandle exec(ExecRequest request, ExecSink sink);

    /**
     * Stops its processors; its memory stays, and so does its process. Asking twice is fine.
     *
     * @throws MachineException NOT_READY when the monitor does not do it
     */
    void pause();

    /**
     * Lets it go on, sets its clock right, and returns when its agent answers. Asking twice is fine.
     *
     * @throws MachineException as {@link #pause} and {@link #awaitReady}
     */
    void resume(Duration atMost) throws InterruptedException;

    /** Whether it was paused; true also of one that an earlier worker paused. */
    boolean isPaused();

    /** What its start has cost; nothing for a machine that was found. */
    StartTimes startTimes();

    /**
     * Ends the machine and returns when it is gone: asks the agent to power off, after {@code grace} asks the monitor,
     * and a moment later kills it. A paused one goes on for it. Asking twice is fine. The directory and the scratch stay.
     */
    MachineExit stop(Duration grace);

    /**
     * Lets go of the machine and leaves it running, for a later worker to find. Commands under way end when that one greets
     * the agent.
     */
    void leave();

    /** Ends, never exceptionally, when the monitor process is gone, whoever ended it. */
    CompletableFuture<MachineExit> onExit();

    /** The last of what the guest's console and the monitor have printed: bytes of the tenant's, made printable. */
    String consoleTail();
}
