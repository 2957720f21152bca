package io.scaibunker.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Every metric of the platform. Values of labels come from small sets: states, codes, operations; never names or ids. */
public enum Measure {
    API_REQUEST(
            Kind.TIMER,
            "api.request",
            "Requests to the API; watches, shells and file transfers last as their callers want and are left out",
            "operation",
            "door",
            "status"),
    API_WATCHERS(Kind.GAUGE, "api.watchers", "Who watches events at this node"),
    API_EVENT_LAG(Kind.TIMER, "api.event.lag", "From the change of a row until it is told to those who watch it"),
    CACHE_ROWS(
            Kind.GAUGE,
            "cache.rows",
            "Copies of images on workers, by state; those on lost workers are `lost`. The same at every control node",
            "status"),
    SCANS(Kind.GAUGE, "scans", "Scans of active images, by state. The same at every control node", "status"),
    WORKERS(Kind.GAUGE, "workers", "Workers, by state. The same at every control node", "status"),
    BUNKERS(Kind.GAUGE, "bunkers", "Bunkers that have not ended, by state. The same at every control node", "status"),
    PLACEMENT(
            Kind.TIMER,
            "placement",
            "From the arrival of an order for a bunker at the scheduler until it is answered, waiting for an image included",
            "outcome"),
    PLACEMENT_WAITING(Kind.GAUGE, "placement.waiting", "Orders for bunkers that are not answered yet"),
    TURN(
            Kind.COUNTER,
            "turns",
            "What workers that lack a copy were told to do: `bake`, `fetch`, `wait`, `stale`",
            "kind"),
    SCAN(Kind.TIMER, "scan", "Scans, with their verdicts", "status", "reason"),
    BAKE(Kind.TIMER, "bake", "Bakes: `ready`, `given_up` to another worker, or the code of the failure", "outcome"),
    FETCH(Kind.TIMER, "fetch", "Copies from other workers: `ready`, `given_up`, or the code of the failure", "outcome"),
    COPY_BYTES(
            Kind.COUNTER,
            "copy.bytes",
            "Bytes taken in for copies: from a `registry` (compressed), a `tar`, or a `peer` (unpacked)",
            "source"),
    UPLOAD_BYTES(Kind.COUNTER, "upload.bytes", "Bytes of copies served to other workers, unpacked"),
    QUEUE(Kind.GAUGE, "queue", "What waits for a slot of the worker", "work"),
    CACHE_BYTES(Kind.GAUGE, "cache.bytes", "What the worker's cache takes on disk: `copies` and `layers`", "kind"),
    BOOT(
            Kind.TIMER,
            "boot",
            "Boots, by phase; `total` is from the moment that the worker takes it until somebody can use it",
            "phase"),
    BUNKER_END(Kind.COUNTER, "bunker.ends", "Bunkers that ended here: `asked`, or the code of the failure", "why"),
    EXEC(
            Kind.TIMER,
            "exec",
            "Commands in bunkers: `exited`, `signalled`, `timed_out`, `not_started`, `lost`",
            "outcome");

    private enum Kind {
        TIMER,
        COUNTER,
        GAUGE;

        /** Where a histogram of durations is cut: from what a cached answer takes to what a bake takes. */
        private static final Duration[] BOUNDS = {
            Duration.ofMillis(5),
            Duration.ofMillis(25),
            Duration.ofMillis(100),
            Duration.ofMillis(500),
            Duration.ofMillis(2_500),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofMinutes(5)
        };
    }

    private final Kind kind;
    private final String title;
    private final String description;
    private final List<String> labels;
    private final Meter.MeterProvider<Timer> timers;
    private final Meter.MeterProvider<Counter> counters;

    Measure(Kind kind, String name, String description, String... labels) {
        String full = "scaibunker." + name;
        this.kind = kind;
        this.title = full;
        this.description = description;
        this.labels = List.of(labels);
        MeterRegistry everywhere = Metrics.globalRegistry;
        this.timers = Timer.builder(full)
                .description(description)
                .serviceLevelObjectives(Kind.BOUNDS)
                .withRegistry(everywhere);
        this.counters = Counter.builder(full).description(description).withRegistry(everywhere);
    }

    /**
     * Something took this long.
     *
     * @param nanos from its beginning to its end
     * @param values of the labels, in their order
     */
    public void took(long nanos, String... values) {
        timers.withTags(tags(Kind.TIMER, values)).record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    /** So much more of it. */
    public void add(double amount, String... values) {
        counters.withTags(tags(Kind.COUNTER, values)).increment(amount);
    }

    /**
     * Asks for the value whenever somebody looks.
     *
     * @return ends it
     */
    public Runnable gauge(Supplier<Number> value, String... values) {
        Gauge gauge = Gauge.builder(title, value)
                .description(description)
                .tags(tags(Kind.GAUGE, values))
                .strongReference(true)
                .register(Metrics.globalRegistry);
        return () -> Metrics.globalRegistry.remove(gauge);
    }

    private Tags tags(Kind asked, String... values) {
        if (kind != asked || values.length != labels.size()) {
            throw new IllegalArgumentException(this + " is a " + kind + " with " + labels);
        }
        Tags tags = Tags.empty();
        for (int i = 0; i < values.length; i++) {
            tags = tags.and(labels.get(i), values[i]);
        }
        return tags;
    }

    /** Its name as Prometheus has it, without what a histogram adds: {@code _count}, {@code _sum}, {@code _bucket}, {@code _max}. */
    public String promName() {
        String name = title.replace('.', '_');
        return switch (kind) {
            case TIMER -> name + "_seconds";
            case COUNTER -> name + "_total";
            case GAUGE -> name;
        };
    }

    /** One line of the page: name, kind, labels, what it says. */
    public String line() {
        String kindWord = kind == Kind.TIMER ? "histogram" : kind == Kind.COUNTER ? "counter" : "gauge";
        String of = labels.isEmpty() ? "–" : "`" + String.join("` `", labels) + "`";
        return "| `" + promName() + "` | " + kindWord + " | " + of + " | " + description + " |";
    }
}
