package io.scaibunker.cli;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --timeout}: how long to wait for what has been asked for. */
final class Patience {
    private static final int LONGEST_S = 604_800;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            converter = Seconds.class,
            description = "Give up waiting after so long (exit code 10); what was asked for goes on. Default: never.")
    private @Nullable Duration longest;

    @Nullable
    Duration longest() {
        return longest;
    }

    /**
     * Waits, before one looks again.
     *
     * @param end by {@link System#nanoTime}; {@link Long#MAX_VALUE} for never
     * @throws TimeoutException if that is over
     */
    static void pause(Duration longest, long end) throws InterruptedIOException, TimeoutException {
        var left = end == Long.MAX_VALUE ? Long.MAX_VALUE : end - System.nanoTime();
        if (left <= 0) {
            throw new TimeoutException("it took too long");
        }
        try {
            if (new Semaphore(0).tryAcquire(Math.min(longest.toNanos(), left), TimeUnit.NANOSECONDS)) {
                throw new IllegalStateException("nobody releases it");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    static final class Seconds implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            if (text.matches("[0-9]{1,6}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= LONGEST_S) {
                return Duration.ofSeconds(Integer.parseInt(text));
            }
            throw new TypeConversionException("'" + text + "' is not a whole number from 1 to " + LONGEST_S);
        }
    }
}
