package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;

import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One node with all rooms, a worker and microVMs included, over a real database; and who calls its API. */
final class Platform implements AutoCloseable {
    private static final String BASE = "/v1/modules/scaibunker";
    private static final Duration START = Duration.ofSeconds(60);

    private final Path dir;
    private final TestDatabase database = TestDatabase.empty();
    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = Ports.free();
    private final int clusterPort = Ports.free();
    private final Path tarRoot;
    private final NodeProcess node;
    private final List<NodeProcess> workers = new ArrayList<>();

    Platform(Path dir, Path tarRoot) {
        this(dir, tarRoot, Map.of());
    }

    /** @param more settings of its own */
    Platform(Path dir, Path tarRoot, Map<String, String> more) {
        this.dir = dir;
        this.tarRoot = tarRoot;
        node = NodeProcess.start(
                        dir,
                        with(
                                more,
                                Map.ofEntries(
                                        Map.entry("api.port", "" + port),
                                        Map.entry("api.watch-beat", "1s"),
                                        Map.entry("cluster.port", "" + clusterPort),
                                        Map.entry("cluster.bus-port", "0"),
                                        Map.entry("cluster.join-token", "a word among tests"),
                                        Map.entry("store.url", database.url()),
                                        Map.entry("fanout.sweep", "1s"),
                                        Map.entry("scanner.sweep", "1s"),
                                        // Workers that are rows alone have no heart that beats.
                                        Map.entry("scheduler.worker-stale", "10m"),
                                        Map.entry("worker.name", "one"),
                                        Map.entry("worker.sweep", "1s"),
                                        Map.entry("worker.beat", "1s"),
                                        Map.entry("worker.tar-roots", tarRoot.toString()),
                                        Map.entry("worker.cpu-millicores", "8000"),
                                        Map.entry("worker.acceleration", "tcg"))))
                .awaitReady(START);
    }

    private static Map<String, String> with(Map<String, String> more, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        return all;
    }

    /** A worker beside the one in the node; it lives as long as that. */
    void startWorker(String name, Path home, Map<String, String> more) {
        workers.add(NodeProcess.start(
                        home,
                        with(
                                more,
                                Map.of(
                                        "cluster.port", "" + Ports.free(),
                                        "cluster.members", "127.0.0.1:" + clusterPort,
                                        "cluster.bus-port", "0",
                                        "cluster.join-token", "a word among tests",
                                        "node.rooms", "worker",
                                        "worker.name", name,
                                        "worker.beat", "1s",
                                        "worker.tar-roots", tarRoot.toString(),
                                        "worker.acceleration", "tcg")))
                .awaitReady(START));
    }

    int port() {
        return port;
    }

    TestDatabase database() {
        return database;
    }

    String key() {
        try {
            return Files.readString(dir.resolve("var/super-admin.key")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String workerId() {
        return eventually(
                        "the worker is ready",
                        START,
                        () -> get("/workers").getJsonArray("data").stream()
                                .map(JsonObject.class::cast)
                                .filter(worker -> "ready".equals(worker.getString("status")))
                                .findFirst()
                                .orElse(new JsonObject()),
                        worker -> worker.containsKey("id"))
                .getString("id");
    }

    /** How many watch events now, by the node's own measures. */
    int watchers() {
        try {
            URI place = URI.create("http://127.0.0.1:" + port + "/metrics");
            return http.send(HttpRequest.newBuilder(place).build(), HttpResponse.BodyHandlers.ofLines())
                    .body()
                    .filter(line -> line.startsWith("scaibunker_api_watchers"))
                    .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    JsonObject get(String path) {
        return send("GET", path, null);
    }

    JsonObject post(String path, JsonObject body) {
        return send("POST", path, body).getJsonObject("data");
    }

    JsonObject delete(String path) {
        return send("DELETE", path, null);
    }

    private JsonObject send(String method, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + (path.startsWith("/v1") ? path : BASE + path)))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + key())
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.encode()))
                .build();
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() >= 300) {
                throw new AssertionError(method + " " + path + ": " + answer.body());
            }
            return new JsonObject(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.close();
        workers.forEach(NodeProcess::close);
        node.close();
        database.close();
    }
}
