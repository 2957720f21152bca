package io.scaibunker.worker;

import io.scaibunker.guest.Errno;
import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecOutcome;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestException;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineException;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Holds a guest's disk still while something reads it on the host. The agent writes out what the guest has in memory, freezes the
 * disk, says so, and thaws it when its input ends: by us, by the end of the connection to us once the next worker greets it, or
 * by itself when the time is over. So a guest is never left frozen, and what was read for too long is known to be torn.
 */
final class GuestFreeze {
    /** Linux' numbers for what older agents say to an order that they do not know, and for «time is over». */
    private static final int UNKNOWN = 22;

    private static final int TOO_LATE = 110;
    private static final Duration THAW_LIMIT = Duration.ofSeconds(20);

    /** What reads the disk. */
    @FunctionalInterface
    interface Reading {
        void run() throws IOException, InterruptedException;
    }

    private GuestFreeze() {}

    /**
     * @param most how long the guest may take to write out, and how long its disk may stand still
     * @throws PlatformException when the disk did not stand still all the time
     */
    static void around(Machine machine, Duration most, Reading reading) throws IOException, InterruptedException {
        // Empty is the word that it is still; all else an end before that.
        CompletableFuture<Optional<ExecOutcome>> still = new CompletableFuture<>();
        ExecHandle agent = start(machine, most, still);
        agent.outcome().whenComplete((outcome, failed) -> {
            if (failed == null) {
                still.complete(Optional.of(outcome));
            } else {
                still.completeExceptionally(failed);
            }
        });
        try {
            Optional<ExecOutcome> refused = await(still, most);
            if (refused.isPresent()) {
                throw refused(refused.get(), most);
            }
            reading.run();
            agent.closeStdin();
            ExecOutcome outcome = await(agent.outcome(), THAW_LIMIT);
            if (!outcome.equals(new ExecOutcome.Exited(0))) {
                throw refused(outcome, most);
            }
        } finally {
            // Whatever happened: it lets go.
            agent.signal(ExecHandle.TERMINATE);
        }
    }

    private static ExecHandle start(Machine machine, Duration most, CompletableFuture<Optional<ExecOutcome>> still) {
        ExecRequest order = new ExecRequest(
                List.of("freeze", "/", String.valueOf(most.toSeconds())), Map.of(), "", "", true, null, true);
        try {
            return machine.exec(order, new ExecSink() {
                @Override
                public void stdout(byte[] bytes) {
                    still.complete(Optional.empty());
                }

                @Override
                public void stderr(byte[] bytes) {}
            });
        } catch (GuestException | MachineException e) {
            throw gone(e);
        }
    }

    private static <T> T await(CompletableFuture<T> said, Duration most) throws InterruptedException {
        try {
            return said.get(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new PlatformException(
                    ErrorCode.MACHINE_FAILED,
                    "the bunker's agent did not do in " + most + " what a snapshot takes",
                    late);
        } catch (ExecutionException e) {
            throw gone(e);
        }
    }

    static PlatformException gone(Throwable why) {
        return new PlatformException(ErrorCode.MACHINE_FAILED, "the bunker ended before the snapshot was taken", why);
    }

    private static PlatformException refused(ExecOutcome outcome, Duration most) {
        return switch (outcome) {
            case ExecOutcome.Exited exited ->
                switch (exited.code()) {
                    case UNKNOWN ->
                        new PlatformException(
                                ErrorCode.SOURCE_UNSUPPORTED,
                                "the bunker was booted by an earlier version, which takes no snapshots");
                    case TOO_LATE ->
                        new PlatformException(
                                ErrorCode.MACHINE_FAILED,
                                "what the bunker has written could not be copied in " + most
                                        + ", for which it may stand still (worker.freeze-limit)");
                    default ->
                        new PlatformException(
                                ErrorCode.MACHINE_FAILED,
                                "the bunker's disk could not be held still: " + Errno.text(exited.code()));
                };
            case ExecOutcome.Signalled signalled ->
                new PlatformException(
                        ErrorCode.MACHINE_FAILED, "somebody in the bunker ended what held its disk still");
            case ExecOutcome.NotStarted not -> new PlatformException(ErrorCode.MACHINE_FAILED, not.text());
        };
    }
}
