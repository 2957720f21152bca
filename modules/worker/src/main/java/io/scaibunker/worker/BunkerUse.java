package io.scaibunker.worker;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One use of a bunker, for as long as it lasts: what makes it not idle. Safe for several threads. */
final class BunkerUse {
    /** Before anything is in use. */
    static final BunkerUse NONE = new BunkerUse(new Uses(), false);

    /** All uses of one bunker. */
    static final class Uses {
        private final AtomicInteger lasting = new AtomicInteger();
        private final AtomicLong last = new AtomicLong(System.nanoTime());

        /** @param lasts whether it counts until its end, as a command does; else its traffic alone counts */
        BunkerUse begin(boolean lasts) {
            return new BunkerUse(this, lasts);
        }

        /** For how long nobody has used it; 0 while a command runs. */
        long idleNanos() {
            return lasting.get() > 0 ? 0 : System.nanoTime() - last.get();
        }
    }

    private final Uses uses;
    private final boolean lasts;
    private final AtomicBoolean ended = new AtomicBoolean();

    private BunkerUse(Uses uses, boolean lasts) {
        this.uses = uses;
        this.lasts = lasts;
        if (lasts) {
            uses.lasting.incrementAndGet();
        }
        touch();
    }

    void touch() {
        uses.last.set(System.nanoTime());
    }

    void end() {
        touch();
        if (lasts && ended.compareAndSet(false, true)) {
            uses.lasting.decrementAndGet();
        }
    }
}
