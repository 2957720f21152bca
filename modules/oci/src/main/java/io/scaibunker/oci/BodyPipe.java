package io.scaibunker.oci;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An answer's body, taken by the thread that wants it, while the client brings a little more. Unlike an input stream it notices
 * silence: the time spent waiting is added up, and forgotten with every 16 KiB that arrive, so a drip is silence too.
 */
final class BodyPipe implements BodySubscriber<BodyPipe>, AutoCloseable {
    private static final int ENOUGH = 16 << 10;
    /** Deliveries under way at once, of 16 KiB each with today's client: about 1 MiB, so that neither side waits for the other. */
    private static final int AHEAD = 64;

    private sealed interface Delivery {}

    private record Bytes(List<ByteBuffer> buffers) implements Delivery {}

    private record End(@Nullable Throwable failure) implements Delivery {}

    private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private final ArrayDeque<ByteBuffer> taken = new ArrayDeque<>();
    private final Duration stallTimeout;
    private final Cancellation cancellation;
    private final String host;
    private long waitedNanos;
    private int receivedSince;
    private boolean ended;

    BodyPipe(String host, Duration stallTimeout, Cancellation cancellation) {
        this.host = host;
        this.stallTimeout = stallTimeout;
        this.cancellation = cancellation;
    }

    /**
     * The next bytes, or null at the end. UNREACHABLE when they stop coming, CORRUPT when the connection breaks within the body.
     *
     * @param beat called while nothing comes; may throw to give up
     */
    @Nullable
    ByteBuffer next(Runnable beat) {
        while (taken.isEmpty() && !ended) {
            accept(take(beat));
        }
        return taken.poll();
    }

    /** The whole body; TOO_LARGE beyond the bound. */
    byte[] readAll(int most, String what, Runnable beat) {
        var whole = new ByteArrayOutputStream();
        for (var bytes = next(beat); bytes != null; bytes = next(beat)) {
            if (whole.size() + bytes.remaining() > most) {
                throw new SourceException(
                        SourceException.Reason.TOO_LARGE,
                        what + " from " + host + " is larger than " + most + " bytes");
            }
            var copy = new byte[bytes.remaining()];
            bytes.get(copy);
            whole.writeBytes(copy);
        }
        return whole.toByteArray();
    }

    private void accept(Delivery delivery) {
        switch (delivery) {
            case Bytes(var buffers) -> {
                taken.addAll(buffers);
                buffers.forEach(buffer -> receivedSince += buffer.remaining());
                if (receivedSince >= ENOUGH) {
                    receivedSince = 0;
                    waitedNanos = 0;
                }
                subscription.join().request(1);
            }
            case End(var failure) -> {
                ended = true;
                if (failure != null) {
                    cancellation.check();
                    throw SourceException.brokenOff("the connection to " + host + " broke within an answer", failure);
                }
            }
        }
    }

    private Delivery take(Runnable beat) {
        while (true) {
            cancellation.check();
            var before = System.nanoTime();
            var delivery = poll();
            waitedNanos += System.nanoTime() - before;
            if (delivery != null) {
                return delivery;
            }
            if (waitedNanos >= stallTimeout.toNanos()) {
                throw new SourceException(
                        SourceException.Reason.UNREACHABLE,
                        host + " stopped sending: fewer than " + ENOUGH + " bytes in " + stallTimeout.toMillis()
                                + " ms");
            }
            beat.run();
        }
    }

    private @Nullable Delivery poll() {
        var wait = Math.min(Cancellation.BEAT.toNanos(), Math.max(0, stallTimeout.toNanos() - waitedNanos));
        try {
            return deliveries.poll(wait, TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            throw Cancellation.interrupted(interrupted);
        }
    }

    /** Lets the connection go where the body was not read to its end. */
    @Override
    public void close() {
        if (!ended) {
            ended = true;
            subscription.thenAccept(Flow.Subscription::cancel);
        }
    }

    @Override
    public CompletionStage<BodyPipe> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        given.request(AHEAD);
        subscription.complete(given);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        deliveries.add(new Bytes(buffers));
    }

    @Override
    public void onError(Throwable failure) {
        deliveries.add(new End(failure));
    }

    @Override
    public void onComplete() {
        deliveries.add(new End(null));
    }
}
