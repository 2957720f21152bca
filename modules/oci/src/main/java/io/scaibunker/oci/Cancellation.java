package io.scaibunker.oci;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The one switch of a source: thrown from any thread, noticed by whoever works or waits. */
final class Cancellation {
    /** How long a wait goes on without a look at this switch and at the caller's progress. */
    static final Duration BEAT = Duration.ofMillis(400);

    private final CountDownLatch cancelled = new CountDownLatch(1);

    void cancel() {
        cancelled.countDown();
    }

    boolean isCancelled() {
        return cancelled.getCount() == 0;
    }

    void check() {
        if (isCancelled()) {
            throw new CancellationException("the source was cancelled");
        }
    }

    /** Waits, and calls {@code beat} while waiting. */
    void pause(Duration duration, Runnable beat) {
        var end = System.nanoTime() + duration.toNanos();
        for (var left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
            beat.run();
            await(Math.min(left, BEAT.toNanos()));
            check();
        }
    }

    private void await(long nanos) {
        try {
            var _ = cancelled.await(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** An interrupt is a cancellation by other means. */
    static CancellationException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        var cancelled = new CancellationException("interrupted");
        cancelled.initCause(cause);
        return cancelled;
    }
}
