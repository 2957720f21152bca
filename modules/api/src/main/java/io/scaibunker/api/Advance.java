package io.scaibunker.api;

import io.scaibunker.bus.News;
import io.scaibunker.model.CachePhase;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/**
 * How far a worker is with a copy.
 *
 * @param done bytes of the phase at hand; never all of them
 * @param total empty while it is not known
 * @param percent of the whole way, over all phases; never goes back within a try, 100 only when the copy is ready
 * @param source where the bytes come from
 */
record Advance(
        long done,
        Optional<Long> total,
        int percent,
        Optional<Long> bytesPerSecond,
        Optional<Long> etaSeconds,
        Optional<CopySource> source) {
    static final Advance NONE =
            new Advance(0, Optional.empty(), 0, Optional.empty(), Optional.empty(), Optional.empty());

    /** Which part of the way a phase is, in percent. */
    private record Stretch(int from, int to) {}

    static Advance ready(Optional<Long> bytes) {
        return new Advance(bytes.orElse(0L), bytes, 100, Optional.empty(), Optional.empty(), Optional.empty());
    }

    static Advance of(News.CopyProgressed news, CopySource source) {
        // Whole only when the row says ready: what is left is checking and putting in place.
        long done = Math.max(
                0, news.bytesTotal() > 0 ? Math.min(news.bytesDone(), news.bytesTotal() - 1) : news.bytesDone());
        Optional<Long> total = news.bytesTotal() > 0 ? Optional.of(news.bytesTotal()) : Optional.empty();
        Optional<Long> rate = news.bytesPerSecond() > 0 ? Optional.of(news.bytesPerSecond()) : Optional.empty();
        Optional<Long> eta = total.flatMap(all -> rate.map(perSecond -> (all - done) / perSecond + 1));
        Stretch stretch = stretch(news.phase(), source);
        int percent = total.map(all -> stretch.from() + (int) ((stretch.to() - stretch.from()) * (done / (double) all)))
                .orElse(stretch.from());
        return new Advance(done, total, percent, rate, eta, Optional.of(source));
    }

    private static Stretch stretch(CachePhase phase, CopySource source) {
        // Another worker gives the finished file: nothing is baked behind it.
        return switch (phase) {
            case RESOLVING, WAITING_FOR_PEER -> new Stretch(0, 1);
            case FETCHING -> source.isPeer() ? new Stretch(1, 97) : new Stretch(1, 45);
            case BAKING -> new Stretch(45, 97);
            case VERIFYING -> new Stretch(97, 99);
        };
    }

    /** Not behind what was told before of the same try. */
    Advance notBehind(Advance before, boolean samePhase) {
        return new Advance(
                samePhase ? Math.max(done, before.done()) : done,
                total,
                Math.max(percent, before.percent()),
                bytesPerSecond,
                etaSeconds,
                source);
    }

    /**
     * As a part of a row or of an event.
     *
     * @param named whether who is shown it may know which worker a copy comes from
     */
    JsonObject put(JsonObject into, boolean named) {
        into.put("bytes_done", done)
                .put("bytes_total", Shown.orNull(total))
                .put("percent", percent)
                .put("bytes_per_s", Shown.orNull(bytesPerSecond))
                .put("eta_s", Shown.orNull(etaSeconds));
        return source.map(from -> from.put(into, named))
                .orElseGet(() -> into.putNull("source").putNull("source_name"));
    }

    JsonObject event(News.CopyProgressed news, boolean named) {
        return put(
                new JsonObject()
                        .put("worker_id", news.workerId().toString())
                        .put("phase", news.phase().word()),
                named);
    }

    /** Whether news of {@code now} may follow news of {@code before} within one try; if not, another try has begun. */
    static boolean follows(CachePhase now, CachePhase before) {
        return rank(now) >= rank(before);
    }

    private static int rank(CachePhase phase) {
        return switch (phase) {
            case RESOLVING -> 0;
            case WAITING_FOR_PEER -> 1;
            case FETCHING -> 2;
            case BAKING -> 3;
            case VERIFYING -> 4;
        };
    }
}
