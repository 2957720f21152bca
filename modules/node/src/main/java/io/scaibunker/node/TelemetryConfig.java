package io.scaibunker.node;

import io.scaibunker.model.Settings;
import java.net.URI;
import java.util.Optional;

/**
 * Keys {@code telemetry.*}: what this process tells of itself.
 *
 * @param metricsHost the address that {@code metricsPort} is listened on
 * @param metricsPort where {@code /metrics} and {@code /health} are served whichever rooms are here; 0 for nowhere
 * @param traces where spans are sent to; unset: nothing is traced
 * @param ratio the share of requests that are traced, of those that do not come with a decision
 */
record TelemetryConfig(String metricsHost, int metricsPort, Optional<URI> traces, double ratio) {
    private static final int PER_MILLE = 1_000;

    static TelemetryConfig from(Settings all) {
        var settings = all.under("telemetry.");
        return new TelemetryConfig(
                settings.text("metrics-host", "127.0.0.1"),
                settings.integer("metrics-port", 0, 0, 65535),
                settings.text("traces").flatMap(text -> endpoint(settings, text)),
                settings.integer("traces-per-mille", PER_MILLE, 0, PER_MILLE) / (double) PER_MILLE);
    }

    private static Optional<URI> endpoint(Settings settings, String text) {
        try {
            var uri = URI.create(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return Optional.of(uri);
            }
        } catch (IllegalArgumentException notOne) {
            // said below
        }
        settings.problem("traces", "allowed is an http or https address, such as http://127.0.0.1:4318/v1/traces");
        return Optional.empty();
    }
}
