package io.scaibunker.worker;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Holds transfers to a rate, all of one direction together, and lets bunkers that boot go first. */
final class Throttle {
    /** What may be sent at once after a pause. */
    private static final long BURST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How long a transfer steps back for boots, before each piece. */
    private static final long COURTESY_MS = 20;

    private final long bytesPerSecond;
    private final BooleanSupplier isBooting;
    private long paidUntil = System.nanoTime();

    /**
     * @param bytesPerSecond 0 for no limit
     * @param isBooting whether a bunker boots here now
     */
    Throttle(long bytesPerSecond, BooleanSupplier isBooting) {
        this.bytesPerSecond = bytesPerSecond;
        this.isBooting = isBooting;
    }

    /** Waits until so many bytes may go. */
    void pass(long bytes) throws InterruptedException {
        stepBack();
        pay(bytes);
    }

    /** Waits as long as the rate asks for. */
    void pay(long bytes) throws InterruptedException {
        if (bytesPerSecond > 0) {
            TimeUnit.NANOSECONDS.sleep(due(bytes));
        }
    }

    /** Lets those go first that boot now. */
    void stepBack() throws InterruptedException {
        if (isBooting.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(COURTESY_MS);
        }
    }

    private synchronized long due(long bytes) {
        long now = System.nanoTime();
        paidUntil = Math.max(paidUntil, now - BURST_NANOS) + (long) (bytes * 1e9 / bytesPerSecond);
        return Math.max(0, paidUntil - now);
    }
}
