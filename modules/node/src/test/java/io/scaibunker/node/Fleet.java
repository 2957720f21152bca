package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;

import io.scaibunker.testkit.ApiClient;
import io.scaibunker.testkit.Machines;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
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
    static final Duration START = Duration.ofSeconds(60);

    private final Path dir;
    private final Path tarRoot;
    private final TestDatabase database = TestDatabase.empty();
    private final Map<String, NodeProcess> nodes = new HashMap<>();
    private final Map<String, String> control;
    private final int clusterPort = Ports.free();
    private final int apiPort = Ports.free();
    private final int secondApiPort = Ports.free();
    private final ApiClient api;

    Fleet(Path dir, Path tarRoot, Map<String, String> more) {
        this.dir = dir;
        this.tarRoot = tarRoot;
        api = new ApiClient(
                List.of("127.0.0.1:" + apiPort, "127.0.0.1:" + secondApiPort), this::key, Duration.ofSeconds(60));
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
        return startControl(Map.of());
    }

    /** @param more settings of its own, this time */
    NodeProcess startControl(Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(control);
        settings.putAll(more);
        NodeProcess node = NodeProcess.start(dir.resolve("control"), settings).awaitReady(START);
        nodes.put("control", node);
        return node;
    }

    /** Another control node on the same rows; calls go to it from now on. */
    NodeProcess startSecondControl() {
        return startSecondControl(Map.of());
    }

    /** @param more settings of its own */
    NodeProcess startSecondControl(Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(control);
        settings.put("cluster.port", "" + Ports.free());
        settings.put("cluster.members", "127.0.0.1:" + clusterPort);
        settings.put("api.port", "" + secondApiPort);
        settings.put(
                "node.secrets-key-file", dir.resolve("control/var/secrets-key").toString());
        settings.putAll(more);
        NodeProcess node = NodeProcess.start(dir.resolve("second"), settings).awaitReady(START);
        nodes.put("second", node);
        api.prefer("127.0.0.1:" + secondApiPort);
        return node;
    }

    /** Of the APIs of both control nodes. */
    List<String> addresses() {
        return List.of("127.0.0.1:" + apiPort, "127.0.0.1:" + secondApiPort);
    }

    int clusterPort() {
        return clusterPort;
    }

    /** Of the first control node's API. */
    String url() {
        return "http://127.0.0.1:" + apiPort + "/";
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
        return startWorker(name, Map.of());
    }

    /** @param more settings of its own */
    NodeProcess startWorker(String name, Map<String, String> more) {
        Map<String, String> settings = settings("cluster.port", "" + Ports.free());
        settings.put("cluster.members", "127.0.0.1:" + clusterPort);
        settings.put("node.rooms", "worker");
        settings.put("worker.name", name);
        settings.put("worker.sweep", "1s");
        settings.put("worker.beat", "1s");
        settings.put("worker.tar-roots", tarRoot.toString());
        settings.put("worker.cpu-millicores", "8000");
        settings.put("worker.acceleration", "tcg");
        settings.putAll(more);
        NodeProcess node = NodeProcess.start(dir.resolve(name), settings).awaitReady(START);
        nodes.put(name, node);
        return node;
    }

    NodeProcess node(String name) {
        return nodes.get(name);
    }

    /** The processes of a worker's machines, known by its directory on their command line. */
    Set<Long> machines(String worker) {
        return Machines.below(workerDir(worker)).values().stream()
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
        return register(name, new JsonObject().put("kind", "tar").put("path", tar.toString()), sizeMib);
    }

    JsonObject registerOci(String name, String reference, int sizeMib) {
        return register(name, new JsonObject().put("kind", "oci").put("ref", reference), sizeMib);
    }

    private JsonObject register(String name, JsonObject source, int sizeMib) {
        return post(
                        "/images",
                        new JsonObject()
                                .put("name", name)
                                .put("size_mib", sizeMib)
                                .put("default_memory_mb", 128)
                                .put("default_disk_mb", 64)
                                .put("build_source", source))
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

    ApiClient.Answer get(String path) {
        return api.get(path);
    }

    ApiClient.Answer post(String path, JsonObject body) {
        return api.post(path, body);
    }

    ApiClient.Answer delete(String path) {
        return api.delete(path);
    }

    /** A call whose body, or whose answer, is bytes. */
    HttpResponse<byte[]> bytes(String method, String path, byte[] body) {
        return api.bytes(method, path, body);
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
        api.terminal(path, listener);
        return closed.orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        api.close();
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
