package io.scaibunker.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** Keeps what this process measures, from now on, and shows it in Prometheus's text format (version 0.0.4). */
public final class Exposition implements AutoCloseable {
    /** What {@link #text} is. */
    public static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    private Exposition() {}

    /** Of this JVM, too. */
    public static Exposition open() {
        Exposition exposition = new Exposition();
        Metrics.addRegistry(exposition.registry);
        new JvmMemoryMetrics().bindTo(exposition.registry);
        new JvmThreadMetrics().bindTo(exposition.registry);
        new ProcessorMetrics().bindTo(exposition.registry);
        new UptimeMetrics().bindTo(exposition.registry);
        new FileDescriptorMetrics().bindTo(exposition.registry);
        exposition.collections.bindTo(exposition.registry);
        return exposition;
    }

    /** Where libraries measure themselves. */
    public MeterRegistry registry() {
        return registry;
    }

    /** All of it, as it stands now. */
    public String text() {
        return registry.scrape(TYPE);
    }

    @Override
    public void close() {
        collections.close();
        Metrics.removeRegistry(registry);
        registry.close();
    }
}
