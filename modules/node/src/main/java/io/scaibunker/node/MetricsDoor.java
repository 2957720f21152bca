package io.scaibunker.node;

import io.scaibunker.telemetry.Exposition;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code /metrics} and {@code /health} of a node whichever rooms it has: for who watches over workers, too. */
final class MetricsDoor implements AutoCloseable {
    private static final int OPEN_SECONDS = 5;

    private final Exposition exposition;
    private final HttpServer server;

    private MetricsDoor(Vertx vertx, Exposition exposition) {
        this.exposition = exposition;
        this.server = vertx.createHttpServer().requestHandler(this::answer);
    }

    /** @throws StartException when the port cannot be had */
    static MetricsDoor open(Vertx vertx, TelemetryConfig config, Exposition exposition) {
        var door = new MetricsDoor(vertx, exposition);
        try {
            door.server.listen(config.metricsPort(), config.metricsHost()).await(OPEN_SECONDS, TimeUnit.SECONDS);
            return door;
        } catch (Exception e) {
            throw new StartException(
                    "cannot listen on telemetry.metrics-host=" + config.metricsHost() + " telemetry.metrics-port="
                            + config.metricsPort() + ": " + e.getMessage(),
                    e);
        }
    }

    private void answer(HttpServerRequest request) {
        var response = request.response();
        switch (request.path()) {
            case "/metrics" ->
                response.putHeader("Content-Type", Exposition.TYPE).end(exposition.text());
            case "/health" ->
                response.putHeader("Content-Type", "application/json")
                        .end(new JsonObject().put("alive", true).toBuffer());
            case null, default -> response.setStatusCode(404).end("here are /metrics and /health\n");
        }
    }

    @Override
    public void close() throws TimeoutException {
        server.close().await(OPEN_SECONDS, TimeUnit.SECONDS);
    }
}
