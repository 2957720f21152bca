package io.scaibunker.cli;

import java.time.Duration;
import java.util.function.LongSupplier;

/** How often something is done at most. */
final class Pace {
    private final long between;
    private final LongSupplier nanoTime;
    private boolean begun;
    private long last;

    Pace(Duration between, LongSupplier nanoTime) {
        this.between = between.toNanos();
        this.nanoTime = nanoTime;
    }

    /** @return whether it is time; if so, that counts as done */
    boolean isDue() {
        var now = nanoTime.getAsLong();
        if (begun && now - last < between) {
            return false;
        }
        begun = true;
        last = now;
        return true;
    }
}
