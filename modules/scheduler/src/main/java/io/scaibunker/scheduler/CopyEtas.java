package io.scaibunker.scheduler;

import io.scaibunker.bus.News;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * In how many seconds copies may be ready, by what workers last said of their progress. A hint: forgotten soon when a worker
 * says no more, and when there is too much of it.
 *
 * <p>Lives on one event loop.
 */
final class CopyEtas {
    static final int COPIES_MAX = 50_000;
    static final Duration FORGOTTEN_AFTER = Duration.ofSeconds(15);

    private record Copy(ImageId imageId, WorkerId workerId) {}

    private final InstantSource clock;
    /** When it may be ready; the one heard longest ago is the eldest. */
    private final Map<Copy, Eta> etas = new LinkedHashMap<>();

    private record Eta(Instant heard, Instant ready) {}

    CopyEtas(InstantSource clock) {
        this.clock = clock;
    }

    void hear(News.CopyProgressed news) {
        Copy copy = new Copy(news.imageId(), news.workerId());
        etas.remove(copy);
        if (news.bytesTotal() > 0 && news.bytesPerSecond() > 0) {
            long seconds = Math.max(0, news.bytesTotal() - news.bytesDone()) / news.bytesPerSecond();
            Instant now = clock.instant();
            etas.put(
                    copy,
                    new Eta(
                            now,
                            now.plusSeconds(Math.min(seconds, Duration.ofDays(1).toSeconds()))));
        }
        forgetOld();
    }

    private void forgetOld() {
        Instant oldest = clock.instant().minus(FORGOTTEN_AFTER);
        Iterator<Eta> eldest = etas.values().iterator();
        while (eldest.hasNext()) {
            if (eldest.next().heard().isAfter(oldest) && etas.size() <= COPIES_MAX) {
                return;
            }
            eldest.remove();
        }
    }

    /** At least a second: what is there is said by its row. */
    OptionalInt of(ImageId imageId, WorkerId workerId) {
        Eta eta = etas.get(new Copy(imageId, workerId));
        Instant now = clock.instant();
        if (eta == null || eta.heard().isBefore(now.minus(FORGOTTEN_AFTER))) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(
                (int) Math.max(1, Duration.between(now, eta.ready()).toSeconds()));
    }

    int size() {
        return etas.size();
    }
}
