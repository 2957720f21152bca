package io.scaibunker.oci;

import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks again what may pass by itself, with growing pauses, or after the pause that the registry asks for. */
final class Retrying {
    private static final Logger LOG = LoggerFactory.getLogger(Retrying.class);

    private final SourceConfig.Patience patience;
    private final Cancellation cancellation;

    Retrying(SourceConfig.Patience patience, Cancellation cancellation) {
        this.patience = patience;
        this.cancellation = cancellation;
    }

    /** A full disk may pass too, but not while one waits. */
    static boolean mayPassSoon(SourceException failure) {
        return failure.mayPass() && failure.reason() != SourceException.Reason.DISK_FULL;
    }

    <T> T call(Predicate<SourceException> worthAnotherTry, Runnable beat, Supplier<T> work) {
        for (var failures = 1; ; failures++) {
            try {
                return work.get();
            } catch (SourceException failure) {
                var pause = pauseAfter(failures, failure);
                if (failures >= patience.attempts()
                        || !worthAnotherTry.test(failure)
                        || pause.compareTo(patience.longestPause()) > 0) {
                    throw failure;
                }
                LOG.debug("attempt {} failed, trying again in {}", failures, pause, failure);
                cancellation.pause(pause, beat);
            }
        }
    }

    private Duration pauseAfter(int failures, SourceException failure) {
        var own = patience.pauseAfter(failures);
        return failure.retryAfter().filter(asked -> asked.compareTo(own) > 0).orElse(own);
    }
}
