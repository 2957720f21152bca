package io.scaibunker.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** One use of a bunker, for as long as it lasts: what makes it not idle. Safe for several threads. */
final class BunkerUse {
    /** Before anything is in use. */
    static final BunkerUse NONE = new BunkerUse(new Uses(), false);

    /** All uses of one bunker. */
    static final class Uses {
        private record Moment(long nanos, Instant at) {
            static Moment now() {
                return new Moment(System.nanoTime(), Instant.now());
            }
        }

        private final AtomicInteger lasting = new AtomicInteger();
        private volatile Moment last = Moment.now();
        private volatile boolean used;

        /** @param lasts whether it counts until its end, as a command does; else its traffic alone counts */
        BunkerUse begin(boolean lasts) {
            return new BunkerUse(this, lasts);
        }

        /** It counts as used now, by whom it may be. */
        void touch() {
            used = true;
            last = Moment.now();
        }

        /** From here on somebody could use it. */
        void open() {
            if (!used) {
                last = Moment.now();
            }
        }

        /** What an earlier run of the worker knew: since then nobody used it, unless somebody did in this run. */
        void idleSince(Instant then) {
            Duration ago = Duration.between(then, Instant.now());
            if (!used && then.isBefore(last.at()) && ago.compareTo(Duration.ofDays(3650)) < 0) {
                last = new Moment(System.nanoTime() - ago.toNanos(), then);
            }
        }

        /** When it was last in use. */
        Instant last() {
            return last.at();
        }

        /** For how long nobody has used it; none while a command runs. */
        Duration idle() {
            return lasting.get() > 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - last.nanos());
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
        uses.touch();
    }

    void end() {
        touch();
        if (lasts && ended.compareAndSet(false, true)) {
            uses.lasting.decrementAndGet();
        }
    }
}
