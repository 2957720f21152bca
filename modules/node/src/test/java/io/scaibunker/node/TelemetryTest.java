package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.scaibunker.telemetry.Measure;
import io.scaibunker.testkit.Ports;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a control node and a worker, each a process of its own, tell of themselves. */
class TelemetryTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    @TempDir
    static Path dir;

    /** What came in at the collector of traces, each a request of OTLP. */
    private static final List<String> COLLECTED = new CopyOnWriteArrayList<>();

    private static final int WORKER_METRICS = Ports.free();

    private static HttpServer collector;
    private static Fleet fleet;
    private static String worker;

    @BeforeAll
    static void start() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            // Bytes as they are, one char each: trace ids and names are found in it.
            COLLECTED.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        String traces = "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces";
        fleet = new Fleet(
                dir,
                dir,
                Map.of(
                        "log.format",
                        "json",
                        "log.requests",
                        "true",
                        "telemetry.traces",
                        traces,
                        "telemetry.traces-per-mille",
                        "0"));
        fleet.startWorker("one", Map.of("telemetry.metrics-port", "" + WORKER_METRICS, "telemetry.traces", traces));
        worker = fleet.workerId("one");
    }

    @AfterAll
    static void stop() {
        if (fleet != null) {
            fleet.close();
        }
        collector.stop(0);
    }

    private static HttpResponse<String> get(String url, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void metricsAreThereForWhoAsksAndEachIsOnThePage() throws Exception {
        fleet.get("/images");
        eventually(() -> {
            HttpResponse<String> answer = get(fleet.url() + "metrics");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type"))
                    .hasValue("text/plain; version=0.0.4; charset=utf-8");
            assertThat(answer.body())
                    .containsPattern(
                            "scaibunker_api_request_seconds_count\\{door=\"http\",operation=\"listImages\",status=\"200\"} \\d")
                    .contains("scaibunker_workers{status=\"ready\"} 1", "scaibunker_cache_rows{status=\"failed\"} 0")
                    .contains("scaibunker_placement_waiting 0", "jvm_memory_used_bytes", "vertx_pool");
            assertAllAreOnThePage(answer.body());
        });
        String ofWorker = get("http://127.0.0.1:" + WORKER_METRICS + "/metrics").body();
        assertThat(ofWorker)
                .contains("scaibunker_queue{work=\"bake\"} 0", "scaibunker_cache_bytes{kind=\"copies\"} 0")
                .doesNotContain("scaibunker_api_");
        assertAllAreOnThePage(ofWorker);
        assertThat(get("http://127.0.0.1:" + WORKER_METRICS + "/health").body()).isEqualTo("{\"alive\":true}");
        assertThat(get("http://127.0.0.1:" + WORKER_METRICS + "/").statusCode()).isEqualTo(404);
    }

    private static void assertAllAreOnThePage(String metrics) {
        Set<String> known =
                Arrays.stream(Measure.values()).map(Measure::promName).collect(Collectors.toSet());
        Set<String> told = metrics.lines()
                .filter(line -> line.startsWith("# TYPE scaibunker_"))
                .map(line -> line.split(" ")[2].replaceAll("_max$", ""))
                .collect(Collectors.toSet());
        assertThat(told).isNotEmpty().isSubsetOf(known);
    }

    @Test
    void oneTraceGoesFromTheRequestOverTheBusToTheWorker() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(fleet.url() + "v1/modules/scaibunker/workers/" + worker + "/gc?dry_run=true"))
                .header("Authorization", "Bearer " + fleet.key())
                .header("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
        }
        String trace = new String(java.util.HexFormat.of().parseHex(TRACE), StandardCharsets.ISO_8859_1);
        eventually(() -> {
            List<String> ours =
                    COLLECTED.stream().filter(batch -> batch.contains(trace)).toList();
            // Two processes have sent spans of it: one that took the request, one that looked at its disk.
            assertThat(ours.stream().map(TelemetryTest::instance).distinct()).hasSize(2);
            assertThat(String.join("", ours)).contains("POST", "worker.");
        });
        // Without a decision of the caller nothing is traced here.
        assertThat(String.join("", COLLECTED).split(Pattern.quote(trace), -1)).hasSizeGreaterThan(3);
    }

    private static String instance(String batch) {
        var found = Pattern.compile("127\\.0\\.0\\.1:\\d+").matcher(batch);
        assertThat(found.find()).isTrue();
        return found.group();
    }

    @Test
    void eachLineOfTheLogIsJsonAndSaysForWhichRequest() throws Exception {
        String id = "req-of-the-test";
        get(fleet.url() + "v1/modules/scaibunker/images", "Authorization", "Bearer " + fleet.key(), "X-Request-Id", id);
        List<JsonObject> lines = eventually(
                "the request is a line",
                java.time.Duration.ofSeconds(10),
                () -> fleet.node("control")
                        .output()
                        .lines()
                        .flatMap(TelemetryTest::json)
                        .filter(line -> id.equals(
                                line.getJsonObject("mdc", new JsonObject()).getString("request_id")))
                        .toList(),
                found -> !found.isEmpty());
        assertThat(lines)
                .extracting(line -> line.getString("formattedMessage"))
                .anySatisfy(message -> assertThat(message).startsWith("listImages by http: 200 in "));
        assertThat(fleet.node("control").output()).contains("ready").doesNotContain(fleet.key() + "\"");
    }

    /** The first key is told in plain words; all else is the log. */
    private static java.util.stream.Stream<JsonObject> json(String line) {
        try {
            return java.util.stream.Stream.of(new JsonObject(line));
        } catch (DecodeException plain) {
            assertThat(line).doesNotStartWith("{");
            return java.util.stream.Stream.empty();
        }
    }
}
