package io.scaibunker.worker;

/** How fast something goes: bytes a second, recent seconds weighing more. For one thread. */
final class Rate {
    private static final double NEWEST_WEIGHS = 0.3;
    private static final long WINDOW_NANOS = 500_000_000;

    private long sinceNanos = System.nanoTime();
    private long sinceBytes;
    private double smoothed;

    void restart() {
        sinceNanos = System.nanoTime();
        sinceBytes = 0;
        smoothed = 0;
    }

    void at(long bytes) {
        long now = System.nanoTime();
        long passed = now - sinceNanos;
        if (passed < WINDOW_NANOS) {
            return;
        }
        double current = Math.max(0, bytes - sinceBytes) * 1e9 / passed;
        smoothed = smoothed == 0 ? current : smoothed + NEWEST_WEIGHS * (current - smoothed);
        sinceNanos = now;
        sinceBytes = bytes;
    }

    long bytesPerSecond() {
        return Math.round(smoothed);
    }
}
