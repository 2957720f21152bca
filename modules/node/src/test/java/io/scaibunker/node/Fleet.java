package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A control node and workers, each a process of its own, over one real database; and a client of its API. */
final class Fleet implements AutoCloseable {
    private static final String BASE = "/v1/modules/scaibunker";
    static final Duration START = Duration.ofSeconds(60);

    private final Path dir;
    private final Path tarRoot;
    private final TestDatabase database = TestDatabase.empty();
    private final Map<String, NodeProcess> nodes = new HashMap<>();
    private final Map<String, String> control;
    private final HttpClient http = HttpClient.newHttpClient();
    private final int clusterPort = Ports.free();
    private final int apiPort = Ports.free();
    private final int secondApiPort = Ports.free();
    private int callsGoTo = apiPort;

    /** An answer of the API. */
    record Answer(int status, JsonObject body) {
        JsonObject data() {
            assertThat(status).as(body.encode()).isLessThan(300);
            return body.getJsonObject("data");
        }

        JsonArray list() {
            assertThat(status).as(body.encode()).isLessThan(300);
            return body.getJsonArray("data");
        }

        String errorCode() {
            return body.getJsonObject("error", new JsonObject()).getString("code", "");
        }
    }

    Fleet(Path dir, Path tarRoot, Map<String, String> more) {
        this.dir = dir;
        this.tarRoot = tarRoot;
        control = settings("cluster.port", "" + clusterPort);
        control.put("node.rooms", "fanout,scheduler,scanner,api");
        control.put("store.url", database.url());
        control.put("api.port", "" + apiPort);
        control.put("fanout.sweep", "1s");
        control.put("scanner.sweep", "1s");
        control.put("scheduler.worker-stale", "8s");
        control.put("scheduler.give-up-after", "20s");
        control.put("postgres.binaries-dir", dir.resolve("binaries").toString());
        control.putAll(more);
        startControl();
    }

    private static Map<String, String> settings(String key, String value) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("cluster.bus-port", "0");
        settings.put("cluster.join-token", "a word among tests");
        settings.put(key, value);
        return settings;
    }

    TestDatabase database() {
        return database;
    }

    NodeProcess startControl() {
        NodeProcess node = NodeProcess.start(dir.resolve("control"), control).awaitReady(START);
        nodes.put("control", node);
        return node;
    }

    /** Another control node on the same rows; calls go to it from now on. */
    NodeProcess startSecondControl() {
        Map<String, String> settings = new TreeMap<>(control);
        settings.put("cluster.port", "" + Ports.free());
        settings.put("cluster.members", "127.0.0.1:" + clusterPort);
        settings.put("api.port", "" + secondApiPort);
        settings.put(
                "node.secrets-key-file", dir.resolve("control/var/secrets-key").toString());
        NodeProcess node = NodeProcess.start(dir.resolve("second"), settings).awaitReady(START);
        nodes.put("second", node);
        callsGoTo = secondApiPort;
        return node;
    }

    int clusterPort() {
        return clusterPort;
    }

    String url() {
        return "http://127.0.0.1:" + callsGoTo + "/";
    }

    /** Where the first key of the platform lies. */
    Path keyFile() {
        return dir.resolve("control/var/super-admin.key");
    }

    String key() {
        try {
            return Files.readString(keyFile()).strip();
        } catch (java.io.IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NodeProcess startWorker(String name) {
        Map<String, String> settings = settings("cluster.port", "" + Ports.free());
        settings.put("cluster.members", "127.0.0.1:" + clusterPort);
        settings.put("node.rooms", "worker");
        settings.put("worker.name", name);
        settings.put("worker.sweep", "1s");
        settings.put("worker.beat", "1s");
        settings.put("worker.tar-roots", tarRoot.toString());
        settings.put("worker.cpu-millicores", "8000");
        settings.put("worker.acceleration", "tcg");
        NodeProcess node = NodeProcess.start(dir.resolve(name), settings).awaitReady(START);
        nodes.put(name, node);
        return node;
    }

    NodeProcess node(String name) {
        return nodes.get(name);
    }

    /** The processes of a worker's machines, known by its directory on their command line. */
    Set<Long> machines(String worker) {
        String place = workerDir(worker).resolve("bunkers").toString();
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(place)
                        && process.info().command().orElse("").contains("qemu"))
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
    }

    Path workerDir(String name) {
        return dir.resolve(name).resolve("var/worker");
    }

    String workerId(String name) {
        return eventually(
                        "worker " + name + " is known and ready",
                        START,
                        () -> get("/workers").list().stream()
                                .map(JsonObject.class::cast)
                                .filter(worker -> name.equals(worker.getString("name"))
                                        && "ready".equals(worker.getString("status")))
                                .findFirst()
                                .orElse(new JsonObject()),
                        worker -> worker.containsKey("id"))
                .getString("id");
    }

    /** A group of these workers that covers all images. */
    String group(String... workers) {
        String group = post(
                        "/availability-groups",
                        new JsonObject().put("name", "pool").put("image_policy", "all"))
                .data()
                .getString("id");
        List<String> ids = List.of(workers).stream().map(this::workerId).toList();
        post("/availability-groups/" + group + "/workers", new JsonObject().put("worker_ids", new JsonArray(ids)))
                .data();
        return group;
    }

    JsonObject registerTar(String name, Path tar, int sizeMib) {
        return post(
                        "/images",
                        new JsonObject()
                                .put("name", name)
                                .put("size_mib", sizeMib)
                                .put("default_memory_mb", 128)
                                .put("default_disk_mb", 64)
                                .put(
                                        "build_source",
                                        new JsonObject().put("kind", "tar").put("path", tar.toString())))
                .data();
    }

    /** The status words of an image's rows, in the order of the workers' names. */
    List<String> rows(String image) {
        return get("/images/" + image + "/cache").list().stream()
                .map(row -> ((JsonObject) row).getString("status"))
                .toList();
    }

    void awaitRows(String image, Duration limit, String... statuses) {
        eventually("rows of " + image, limit, () -> rows(image), List.of(statuses)::equals);
    }

    Answer get(String path) {
        return send("GET", path, null);
    }

    Answer post(String path, JsonObject body) {
        return send("POST", path, body);
    }

    Answer delete(String path) {
        return send("DELETE", path, null);
    }

    /** A call whose body, or whose answer, is bytes. */
    HttpResponse<byte[]> bytes(String method, String path, byte[] body) {
        try {
            return http.send(
                    request(path)
                            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(method + " " + path, e);
        }
    }

    /** A terminal, and all it says until it closes. */
    String terminal(String path) {
        CompletableFuture<String> closed = new CompletableFuture<>();
        StringBuilder said = new StringBuilder();
        WebSocket.Listener listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer bytes, boolean last) {
                said.append(StandardCharsets.UTF_8.decode(bytes));
                socket.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                said.append(text);
                socket.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
                closed.complete(said + " " + status + reason);
                return null;
            }
        };
        http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key())
                .buildAsync(URI.create("ws://127.0.0.1:" + apiPort + BASE + path), listener)
                .join();
        return closed.orTimeout(30, TimeUnit.SECONDS).join();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + callsGoTo + BASE + path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + key())
                .header("Content-Type", "application/json");
    }

    private Answer send(String method, String path, JsonObject body) {
        try {
            HttpRequest.Builder request = request(path);
            request.method(
                    method,
                    body == null
                            ? HttpRequest.BodyPublishers.noBody()
                            : HttpRequest.BodyPublishers.ofString(body.encode()));
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), new JsonObject(answer.body()));
        } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(method + " " + path, e);
        }
    }

    @Override
    public void close() {
        http.close();
        nodes.entrySet().stream()
                .sorted(java.util.Comparator.comparing(node -> node.getKey().equals("control")))
                .forEach(node -> node.getValue().close());
        // Workers leave them to their next start, which there will not be.
        nodes.keySet()
                .forEach(node -> machines(node)
                        .forEach(machine -> ProcessHandle.of(machine).ifPresent(ProcessHandle::destroyForcibly)));
        database.close();
    }
}
