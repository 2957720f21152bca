package io.scaibunker.node;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Spans of what this node does for a request – HTTP, the bus, the database, gRPC to workers – sent to a collector by OTLP over
 * HTTP. Where the collector is away spans are dropped, and nothing waits for it.
 */
final class Traces implements AutoCloseable {
    private static final Duration SEND_EVERY = Duration.ofSeconds(1);
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final OpenTelemetrySdk sdk;

    private Traces(OpenTelemetrySdk sdk) {
        this.sdk = sdk;
    }

    /** @param name of this node among the others */
    static Traces to(URI collector, double ratio, String name) {
        var exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(collector.toString())
                .setTimeout(LAST_WORDS)
                .build();
        var provider = SdkTracerProvider.builder()
                .setResource(Resource.getDefault()
                        .merge(Resource.create(Attributes.of(
                                AttributeKey.stringKey("service.name"),
                                "scaibunker",
                                AttributeKey.stringKey("service.instance.id"),
                                name))))
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(ratio)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setScheduleDelay(SEND_EVERY)
                        .build())
                .build();
        return new Traces(OpenTelemetrySdk.builder()
                .setTracerProvider(provider)
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build());
    }

    OpenTelemetry api() {
        return sdk;
    }

    /** Sends what is left, and does not wait long for it. */
    @Override
    public void close() {
        sdk.getSdkTracerProvider().shutdown().join(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    }
}
