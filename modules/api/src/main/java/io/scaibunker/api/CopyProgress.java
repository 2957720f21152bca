package io.scaibunker.api;

import io.scaibunker.bus.News;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.ImageCache.CacheRow;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far workers are with copies, as they last said. Never truth: it decorates a row that is being built, and is
 * forgotten after a while or when there is too much of it.
 *
 * <p>Lives on one event loop.
 */
final class CopyProgress {
    static final int COPIES_MAX = 50_000;
    static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(5);

    private record Copy(ImageId imageId, WorkerId workerId) {}

    private record Heard(News.CopyProgressed news, Advance advance, Instant at) {}

    private final InstantSource clock;
    private final Feeders feeders;
    /** The one heard longest ago is the eldest. */
    private final Map<Copy, Heard> latest = new LinkedHashMap<>();

    CopyProgress(InstantSource clock, Feeders feeders) {
        this.clock = clock;
        this.feeders = feeders;
    }

    /** @return what is now known of the copy: never behind what was known of the same try */
    Advance hear(News.CopyProgressed news) {
        Copy copy = new Copy(news.imageId(), news.workerId());
        Advance told = Advance.of(news, CopySource.of(news.source(), feeders));
        Advance advance = Optional.ofNullable(latest.remove(copy))
                .filter(before -> isSameTry(before.news(), news))
                .map(before -> told.notBehind(before.advance(), before.news().phase() == news.phase()))
                .orElse(told);
        latest.put(copy, new Heard(news, advance, clock.instant()));
        forgetOld();
        return advance;
    }

    private static boolean isSameTry(News.CopyProgressed before, News.CopyProgressed now) {
        return before.generation() == now.generation() && Advance.follows(now.phase(), before.phase());
    }

    private void forgetOld() {
        Instant oldest = clock.instant().minus(FORGOTTEN_AFTER);
        Iterator<Heard> eldest = latest.values().iterator();
        while (eldest.hasNext()) {
            boolean stays = eldest.next().at().isAfter(oldest) && latest.size() <= COPIES_MAX;
            if (stays) {
                return;
            }
            eldest.remove();
        }
    }

    /** What was last said of a copy, if it was said of this generation of its row. */
    Optional<Advance> of(ImageId imageId, WorkerId workerId, long generation) {
        return Optional.ofNullable(latest.get(new Copy(imageId, workerId)))
                .filter(heard -> heard.at().isAfter(clock.instant().minus(FORGOTTEN_AFTER)))
                .filter(heard -> heard.news().generation() == generation)
                .map(Heard::advance);
    }

    /** What to show of a row. */
    Advance of(ImageId imageId, CacheRow row) {
        return switch (row.status()) {
            case READY -> Advance.ready(row.artifactBytes());
            case BUILDING -> of(imageId, row.workerId(), row.generation()).orElse(Advance.NONE);
            case PENDING, FAILED, EVICTED -> Advance.NONE;
        };
    }

    int size() {
        return latest.size();
    }
}
