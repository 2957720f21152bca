package io.scaibunker.api;

import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Convergence;
import io.scaibunker.store.Convergence.Count;
import io.scaibunker.store.Database;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code GET /metrics} answers: what this process has measured, and how rows stand. Rows are counted when somebody looks,
 * and not more often than every {@link #FRESH}.
 */
final class MetricsPage {
    private static final Logger LOG = LoggerFactory.getLogger(MetricsPage.class);
    private static final Duration FRESH = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Database database;
    private final Supplier<String> measured;
    private final Map<String, Long> counts = new ConcurrentHashMap<>();
    private final List<Runnable> gauges = new ArrayList<>();
    private Future<?> counting = Future.succeededFuture();
    private long counted = System.nanoTime() - FRESH.toNanos();

    /** @param measured in Prometheus's text format */
    MetricsPage(Database database, Supplier<String> measured) {
        this.database = database;
        this.measured = measured;
        gauge(Measure.CACHE_ROWS, "copies", "lost");
        gauge(Measure.CACHE_ROWS, "copies", words(CacheStatus.values()));
        gauge(Measure.SCANS, "scans", words(ScanStatus.values()));
        gauge(Measure.WORKERS, "workers", words(WorkerStatus.values()));
        gauge(
                Measure.BUNKERS,
                "bunkers",
                words(Arrays.stream(BunkerStatus.values())
                        .filter(status -> !status.next().isEmpty())
                        .toArray(BunkerStatus[]::new)));
    }

    private static String[] words(Word[] values) {
        return Arrays.stream(values).map(Word::word).toArray(String[]::new);
    }

    private void gauge(Measure measure, String of, String... statuses) {
        for (String status : statuses) {
            gauges.add(measure.gauge(() -> counts.getOrDefault(of + " " + status, 0L), status));
        }
    }

    /** Does not fail: where rows cannot be counted now, the rest is told, with the last counts there were. */
    Future<String> text() {
        if (counting.isComplete() && System.nanoTime() - counted >= FRESH.toNanos()) {
            counted = System.nanoTime();
            counting = Convergence.counts(database.client())
                    .onSuccess(this::keep)
                    .timeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .onFailure(thrown -> LOG.debug("rows were not counted", thrown));
        }
        return counting.transform(done -> Future.succeededFuture(measured.get()));
    }

    private void keep(List<Count> found) {
        counts.clear();
        found.forEach(count -> counts.put(count.of() + " " + count.status(), count.count()));
    }

    void close() {
        gauges.forEach(Runnable::run);
    }
}
