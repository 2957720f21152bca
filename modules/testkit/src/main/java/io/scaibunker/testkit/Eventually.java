package io.scaibunker.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Waiting for a state, never for a time: the check runs until it holds or the deadline is over. */
public final class Eventually {
    /** Long enough for a busy machine; a check that holds ends the wait at once. */
    public static final Duration DEADLINE = Duration.ofSeconds(15);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private Eventually() {}

    /** A check that throws while its state is not reached; an assertion, usually. */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    public static void eventually(Check check) {
        eventually(DEADLINE, check);
    }

    /** Throws what the check last threw, with the time waited. */
    public static void eventually(Duration deadline, Check check) {
        long end = System.nanoTime() + deadline.toNanos();
        while (true) {
            try {
                check.run();
                return;
            } catch (Exception | AssertionError e) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("not so within " + deadline + ": " + e.getMessage(), e);
                }
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** The first value that is as wanted; a timeout prints the last one seen. */
    public static <T extends @Nullable Object> T eventually(
            String what, Duration deadline, Callable<T> look, Predicate<T> wanted) {
        long end = System.nanoTime() + deadline.toNanos();
        while (true) {
            T seen = call(look);
            if (wanted.test(seen)) {
                return seen;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError(what + ": not within " + deadline + "; last seen: " + seen);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    private static <T extends @Nullable Object> T call(Callable<T> look) {
        try {
            return look.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("looking failed", e);
        }
    }
}
