package io.scaibunker.guest;

import io.scaibunker.guest.Frame.FromGuest;
import io.scaibunker.guest.GuestException.Reason;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The commands of one connection, by stream number. */
final class Streams {
    private final String name;
    private final Outbox outbox;
    private final Map<Integer, ExecStream> running = new HashMap<>();
    private int last;
    private @Nullable GuestException ended;

    Streams(String name, Outbox outbox) {
        this.name = name;
        this.outbox = outbox;
    }

    ExecStream open(ExecRequest request, ExecSink sink) {
        // Sent under the lock: the agent sees streams in the order of their numbers, and only as many as it has room
        // for.
        synchronized (this) {
            if (ended != null) {
                throw new GuestException(ended.reason(), String.valueOf(ended.getMessage()), ended);
            }
            if (running.size() >= Frame.MAX_STREAMS) {
                throw new GuestException(Reason.TOO_MANY, Frame.MAX_STREAMS + " commands run in " + name + " already");
            }
            if (last == Integer.MAX_VALUE) {
                throw new GuestException(Reason.TOO_MANY, "the connection to " + name + " has no more streams");
            }
            var stream = new ExecStream(last + 1, request.stdin(), sink, outbox);
            outbox.send(stream.request(request));
            running.put(++last, stream);
            stream.start(name);
            return stream;
        }
    }

    /** Called by the reading thread alone. */
    void take(FromGuest frame) {
        switch (frame) {
            case Frame.HelloBack _ -> throw FrameCodec.broken("a second greeting");
            case Frame.Started started -> find(started.stream()).started();
            case Frame.Output output -> find(output.stream()).output(output);
            case Frame.StdinCredit credit -> find(credit.stream()).stdinCredit(credit.more());
            case Frame.Failed failed -> end(failed.stream(), notStarted(failed));
            case Frame.Ended end -> end(end.stream(), outcome(end));
        }
    }

    void fail(GuestException why) {
        Map<Integer, ExecStream> left;
        synchronized (this) {
            ended = why;
            left = Map.copyOf(running);
            running.clear();
        }
        left.values().forEach(stream -> stream.fail(why));
    }

    private synchronized ExecStream find(int number) {
        var stream = running.get(number);
        if (stream == null) {
            throw FrameCodec.broken("words of stream " + number + ", which is not open");
        }
        return stream;
    }

    private synchronized void end(int number, ExecOutcome how) {
        find(number).ended(how);
        running.remove(number);
    }

    private static ExecOutcome outcome(Frame.Ended end) {
        if (end.value() < 0 || end.value() > 255) {
            throw FrameCodec.broken("an exit value of " + end.value());
        }
        return end.signalled() ? new ExecOutcome.Signalled(end.value()) : new ExecOutcome.Exited(end.value());
    }

    private static ExecOutcome notStarted(Frame.Failed failed) {
        var stages = ExecOutcome.Stage.values();
        if (failed.stage() < 0 || failed.stage() >= stages.length) {
            throw FrameCodec.broken("a failure at the unknown stage " + failed.stage());
        }
        return new ExecOutcome.NotStarted(stages[failed.stage()], failed.errno());
    }
}
