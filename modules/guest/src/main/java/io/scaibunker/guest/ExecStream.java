package io.scaibunker.guest;

import io.scaibunker.guest.ExecRequest.Terminal;
import io.scaibunker.guest.Frame.Output;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One command's two ways. Output lies here, never more than its credit, until a thread of the command's own has given
 * it to the sink; input waits in the caller's thread for the agent's credit.
 */
final class ExecStream implements ExecHandle {
    private static final int WINDOW = 256 * 1024;
    private static final int STDIN_WINDOW = 32 * 1024;

    private final int number;
    private final boolean hasStdin;
    private final ExecSink sink;
    private final Outbox outbox;
    private final CompletableFuture<ExecOutcome> outcome = new CompletableFuture<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Output> waiting = new ArrayDeque<>();
    private int credit = WINDOW;
    private int owed;
    private int stdinCredit = STDIN_WINDOW;
    private boolean begun;

    /** The size that still waits to be sent; a newer one takes its place, so that who resizes often fills nothing. */
    private @Nullable Terminal nextSize;

    private boolean stdinClosed;
    private @Nullable ExecOutcome ended;
    private @Nullable GuestException failed;

    ExecStream(int number, boolean hasStdin, ExecSink sink, Outbox outbox) {
        this.number = number;
        this.hasStdin = hasStdin;
        this.sink = sink;
        this.outbox = outbox;
        this.stdinClosed = !hasStdin;
    }

    Frame.Exec request(ExecRequest request) {
        return new Frame.Exec(
                number,
                WINDOW,
                hasStdin,
                request.terminal(),
                request.fileWork(),
                request.argv(),
                request.envWords(),
                request.cwd(),
                request.user());
    }

    void start(String machine) {
        Thread.ofVirtual().name("exec-" + machine + "-" + number).start(this::deliver);
    }

    // The reading thread's side: it never waits.

    void started() {
        if (begun) {
            throw FrameCodec.broken("a second start of stream " + number);
        }
        begun = true;
    }

    void output(Output output) {
        locked(() -> {
            credit -= cost(output);
            if (credit < 0) {
                throw FrameCodec.broken("more output than stream " + number + " has credit for");
            }
            waiting.add(output);
        });
    }

    void stdinCredit(int more) {
        locked(() -> {
            if (more < 0 || more > STDIN_WINDOW - stdinCredit) {
                throw FrameCodec.broken("credit for more input than was taken");
            }
            stdinCredit += more;
        });
    }

    void ended(ExecOutcome how) {
        locked(() -> ended = how);
    }

    void fail(GuestException why) {
        locked(() -> failed = why);
    }

    // The command's own thread: it may wait for the sink.

    private void deliver() {
        try {
            for (var output = next(); output != null; output = next()) {
                if (output.stderr()) {
                    sink.stderr(output.bytes());
                } else {
                    sink.stdout(output.bytes());
                }
                renew(cost(output));
            }
            settle();
        } catch (RuntimeException sinkFailed) {
            signal(KILL);
            outcome.completeExceptionally(sinkFailed);
            drain();
        }
    }

    /** The next output, or null when there will be none. */
    private @Nullable Output next() {
        lock.lock();
        try {
            while (waiting.isEmpty() && ended == null && failed == null) {
                changed.awaitUninterruptibly();
            }
            return failed == null ? waiting.poll() : null;
        } finally {
            lock.unlock();
        }
    }

    /** After the sink gave up: the agent gets its credit back until the killed command is gone. */
    private void drain() {
        for (var output = next(); output != null; output = next()) {
            renew(cost(output));
        }
    }

    /** In large steps: a frame of credit for each frame of output would double the traffic. */
    private void renew(int spent) {
        locked(() -> {
            owed += spent;
            if (owed >= WINDOW / 4 && ended == null && failed == null) {
                credit += owed;
                outbox.send(new Frame.Credit(number, owed));
                owed = 0;
            }
        });
    }

    private void settle() {
        lock.lock();
        var why = failed;
        var how = ended;
        lock.unlock();
        if (why != null) {
            outcome.completeExceptionally(why);
        } else if (how != null) {
            outcome.complete(how);
        }
    }

    // The caller's side.

    @Override
    public void write(byte[] bytes) throws InterruptedException {
        for (var from = 0; from < bytes.length; ) {
            var most = takeStdinCredit(Math.min(bytes.length - from, Frame.MAX_DATA));
            if (most == 0) {
                return;
            }
            from += most;
            outbox.send(new Frame.Stdin(number, Arrays.copyOfRange(bytes, from - most, from)));
        }
    }

    /** How many bytes may go now, after waiting for at least one; 0 when the command has ended. */
    private int takeStdinCredit(int wanted) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                if (failed != null) {
                    throw new GuestException(failed.reason(), String.valueOf(failed.getMessage()), failed);
                }
                if (ended != null) {
                    return 0;
                }
                if (stdinClosed) {
                    throw new IllegalStateException("this command's input is closed");
                }
                if (stdinCredit > 0) {
                    var taken = Math.min(wanted, stdinCredit);
                    stdinCredit -= taken;
                    return taken;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void closeStdin() {
        locked(() -> {
            if (!stdinClosed && ended == null && failed == null) {
                outbox.send(new Frame.StdinEnd(number));
            }
            stdinClosed = true;
        });
    }

    @Override
    public void signal(int signal) {
        if (signal < 1 || signal > 64) {
            throw new IllegalArgumentException("signal " + signal);
        }
        locked(() -> {
            if (ended == null && failed == null) {
                outbox.send(new Frame.Signal(number, signal));
            }
        });
    }

    @Override
    public void resize(Terminal size) {
        locked(() -> {
            if (ended == null && failed == null) {
                var waits = nextSize != null;
                nextSize = size;
                if (!waits) {
                    outbox.sendLate(() -> new Frame.Resize(number, takeSize()));
                }
            }
        });
    }

    private Terminal takeSize() {
        lock.lock();
        try {
            var size = Objects.requireNonNull(nextSize);
            nextSize = null;
            return size;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<ExecOutcome> outcome() {
        return outcome.copy();
    }

    private static int cost(Output output) {
        return output.bytes().length + Frame.FRAME_COST;
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
