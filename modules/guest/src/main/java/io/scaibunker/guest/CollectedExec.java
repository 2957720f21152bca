package io.scaibunker.guest;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A command that has run to its end, with as much of its output as was asked for.
 *
 * @param outcome how it ended; {@code Signalled(9)} after a timeout
 * @param stdoutTruncated whether the command wrote more than was kept
 * @param timedOut whether it was killed because its time was over
 * @param duration from the request to the end, on the host's clock
 */
public record CollectedExec(
        ExecOutcome outcome,
        byte[] stdout,
        byte[] stderr,
        boolean stdoutTruncated,
        boolean stderrTruncated,
        boolean timedOut,
        Duration duration) {

    /** How long a killed command may take to be gone before the guest is taken for dead. */
    private static final Duration AFTER_KILL = Duration.ofSeconds(10);

    /**
     * Runs a command and waits for its end; what exceeds the bounds is read and thrown away, so that the command is not
     * held up.
     *
     * @param exec what starts commands, as in {@code machine::exec}
     * @param stdin all of its input, may be empty
     * @param timeout after this everything it started is killed
     * @param maxBytes how much of stdout and of stderr to keep, each
     * @throws GuestException when the connection ends first, or the killed command does not end
     */
    public static CollectedExec run(
            BiFunction<ExecRequest, ExecSink, ExecHandle> exec,
            ExecRequest request,
            byte[] stdin,
            Duration timeout,
            int maxBytes)
            throws InterruptedException {
        var start = System.nanoTime();
        var output = new Keeper(maxBytes);
        var handle = exec.apply(stdin.length == 0 ? request : request.withStdin(), output);
        var writer = Thread.ofVirtual().name("exec-stdin").start(() -> feed(handle, stdin));
        try {
            var waited = await(handle, timeout);
            var outcome = waited == null ? killed(handle) : waited;
            return output.collected(outcome, waited == null, Duration.ofNanos(System.nanoTime() - start));
        } catch (InterruptedException given) {
            handle.signal(ExecHandle.KILL);
            throw given;
        } finally {
            writer.interrupt();
        }
    }

    private static void feed(ExecHandle handle, byte[] stdin) {
        try {
            if (stdin.length > 0) {
                handle.write(stdin);
                handle.closeStdin();
            }
        } catch (InterruptedException | GuestException ended) {
            // The command ended or the connection did: the outcome says so to the one who waits for it.
        }
    }

    private static ExecOutcome killed(ExecHandle handle) throws InterruptedException {
        handle.signal(ExecHandle.KILL);
        var outcome = await(handle, AFTER_KILL);
        if (outcome == null) {
            throw new GuestException(GuestException.Reason.TIMEOUT, "a killed command did not end in " + AFTER_KILL);
        }
        return outcome;
    }

    private static @Nullable ExecOutcome await(ExecHandle handle, Duration time) throws InterruptedException {
        try {
            return handle.outcome().get(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            return null;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GuestException guest) {
                throw guest;
            }
            throw new IllegalStateException("collecting a command's output failed", failed.getCause());
        }
    }

    private static final class Keeper implements ExecSink {
        private final Kept out;
        private final Kept err;

        Keeper(int maxBytes) {
            out = new Kept(maxBytes);
            err = new Kept(maxBytes);
        }

        @Override
        public void stdout(byte[] bytes) {
            out.add(bytes);
        }

        @Override
        public void stderr(byte[] bytes) {
            err.add(bytes);
        }

        CollectedExec collected(ExecOutcome outcome, boolean timedOut, Duration duration) {
            return new CollectedExec(
                    outcome,
                    out.bytes.toByteArray(),
                    err.bytes.toByteArray(),
                    out.truncated,
                    err.truncated,
                    timedOut,
                    duration);
        }
    }

    private static final class Kept {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final int most;
        private boolean truncated;

        Kept(int most) {
            this.most = most;
        }

        void add(byte[] more) {
            var room = Math.min(more.length, most - bytes.size());
            bytes.write(more, 0, room);
            truncated |= room < more.length;
        }
    }
}
