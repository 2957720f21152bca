package io.scaibunker.api;

import io.scaibunker.bus.News;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
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

    private record Heard(News.CopyProgressed news, Instant at) {}

    private final InstantSource clock;
    /** The one heard longest ago is the eldest. */
    private final Map<Copy, Heard> latest = new LinkedHashMap<>();

    CopyProgress(InstantSource clock) {
        this.clock = clock;
    }

    void hear(News.CopyProgressed news) {
        Copy copy = new Copy(news.imageId(), news.workerId());
        latest.remove(copy);
        latest.put(copy, new Heard(news, clock.instant()));
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
    Optional<News.CopyProgressed> of(ImageId imageId, WorkerId workerId, long generation) {
        return Optional.ofNullable(latest.get(new Copy(imageId, workerId)))
                .filter(heard -> heard.at().isAfter(clock.instant().minus(FORGOTTEN_AFTER)))
                .map(Heard::news)
                .filter(news -> news.generation() == generation);
    }

    int size() {
        return latest.size();
    }
}
