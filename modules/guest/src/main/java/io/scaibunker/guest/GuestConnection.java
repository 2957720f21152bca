package io.scaibunker.guest;

import io.scaibunker.guest.Frame.FromGuest;
import io.scaibunker.guest.GuestException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's end of the wire to one agent. It greets at once; until the agent has answered, {@link #exec} refuses. Safe
 * for several threads.
 *
 * <p>Two virtual threads: one reads and never waits for anything but the guest, the {@link Outbox} writes and never
 * waits for anything but the guest. So a guest that does not read, or does not write, holds up nobody else.
 */
public final class GuestConnection implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GuestConnection.class);

    private final String name;
    private final SocketChannel channel;
    private final Outbox outbox;
    private final Streams streams;
    private final Greeting greeting = new Greeting();
    private final CompletableFuture<GuestHello> hello = new CompletableFuture<>();
    private final CompletableFuture<GuestException> closed = new CompletableFuture<>();

    private GuestConnection(String name, SocketChannel channel) {
        this.name = name;
        this.channel = channel;
        this.outbox = new Outbox(channel, this::fail);
        this.streams = new Streams(name, outbox);
    }

    /**
     * Takes over a connected channel, in blocking mode, and greets the agent behind it.
     *
     * @param name of the machine, for logs and threads
     */
    public static GuestConnection open(String name, SocketChannel channel) {
        var connection = new GuestConnection(name, channel);
        connection.outbox.start(name);
        connection.outbox.raw(connection.greeting.bytes());
        Thread.ofVirtual().name("guest-read-" + name).start(connection::read);
        return connection;
    }

    /**
     * Waits until the agent has answered.
     *
     * @throws GuestException TIMEOUT (one may wait again), or why the connection closed
     */
    public GuestHello awaitHello(Duration atMost) throws InterruptedException {
        try {
            return hello.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new GuestException(Reason.TIMEOUT, "the agent of " + name + " did not answer in " + atMost);
        } catch (ExecutionException failed) {
            throw closedBecause(failed.getCause());
        }
    }

    /** Whether the agent has answered and the connection still stands. */
    public boolean isReady() {
        return hello.isDone() && !closed.isDone();
    }

    /**
     * Starts a command; returns before it runs.
     *
     * @throws GuestException TOO_LARGE, TOO_MANY, UNSUPPORTED, or CLOSED; also CLOSED when the agent has not answered yet
     */
    public ExecHandle exec(ExecRequest request, ExecSink sink) {
        if (!isReady()) {
            throw new GuestException(Reason.CLOSED, "the agent of " + name + " is not there");
        }
        var needed =
                (request.terminal() == null ? 0 : Frame.WITH_TERMINAL) | (request.fileWork() ? Frame.FILE_WORK : 0);
        if ((hello.join().features() & needed) != needed) {
            throw new GuestException(
                    Reason.UNSUPPORTED, name + " was booted by an older version, which has no terminals and no files");
        }
        return streams.open(request, sink);
    }

    /** Sets the guest's clock, where the agent knows how. */
    public void setClock(Instant now) {
        if (isReady() && (hello.join().features() & Frame.SET_CLOCK) != 0) {
            outbox.send(new Frame.Clock(now));
        }
    }

    /** Asks the agent to end the machine; whether it does shows when the connection closes. */
    public void powerOff() {
        outbox.send(new Frame.PowerOff());
    }

    /** Ends when the connection has, with the reason; CLOSED for {@link #close} and for the end of the machine. */
    public CompletableFuture<GuestException> closed() {
        return closed.copy();
    }

    /** Running commands' outcomes fail with CLOSED; the commands end when the next host greets. */
    @Override
    public void close() {
        fail(new GuestException(Reason.CLOSED, "the connection to " + name + " was closed"));
    }

    private void read() {
        var buffer = ByteBuffer.allocate(4 + Frame.MAX_LENGTH);
        try {
            while (channel.read(buffer) >= 0) {
                buffer.flip();
                if (!hello.isDone()) {
                    greet(buffer);
                }
                if (hello.isDone()) {
                    frames(buffer);
                }
                buffer.compact();
            }
            fail(new GuestException(Reason.CLOSED, "the connection to " + name + " ended"));
        } catch (IOException e) {
            fail(new GuestException(Reason.CLOSED, "the connection to " + name + " broke", e));
        } catch (GuestException e) {
            fail(e);
        } catch (RuntimeException e) {
            log.error("reading from {} failed", name, e);
            fail(new GuestException(Reason.CLOSED, "reading from " + name + " failed", e));
        }
    }

    private void greet(ByteBuffer buffer) {
        var answer = greeting.find(buffer);
        if (answer != null) {
            hello.complete(answer);
        }
    }

    private void frames(ByteBuffer buffer) {
        for (var frame = next(buffer); frame != null; frame = next(buffer)) {
            streams.take(frame);
        }
    }

    /** The next whole frame, or null when more bytes are needed. */
    static @Nullable FromGuest next(ByteBuffer buffer) {
        if (buffer.remaining() < 4) {
            return null;
        }
        var length = buffer.getInt(buffer.position());
        if (length < Frame.HEADER || length > Frame.MAX_LENGTH) {
            throw FrameCodec.broken("a frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        if (buffer.remaining() < 4 + length) {
            return null;
        }
        var frame = buffer.slice(buffer.position() + 4, length);
        buffer.position(buffer.position() + 4 + length);
        return FrameCodec.decode(frame);
    }

    private void fail(GuestException why) {
        if (!closed.complete(why)) {
            return;
        }
        if (why.reason() != Reason.CLOSED) {
            log.warn("closing the connection to {}: {}", name, why.getMessage());
        }
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("closing the channel to {} failed", name, e);
        }
        outbox.stop();
        hello.completeExceptionally(why);
        streams.fail(why);
    }

    private static GuestException closedBecause(@Nullable Throwable cause) {
        return cause instanceof GuestException why
                ? new GuestException(why.reason(), String.valueOf(why.getMessage()), why)
                : new GuestException(Reason.CLOSED, "the connection failed", cause);
    }
}
