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
    void pass(int bytes) throws InterruptedException {
        if (isBooting.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(COURTESY_MS);
        }
        if (bytesPerSecond > 0) {
            TimeUnit.NANOSECONDS.sleep(pay(bytes));
        }
    }

    private synchronized long pay(int bytes) {
        long now = System.nanoTime();
        paidUntil = Math.max(paidUntil, now - BURST_NANOS) + bytes * 1_000_000_000L / bytesPerSecond;
        return Math.max(0, paidUntil - now);
    }
}
