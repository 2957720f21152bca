package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.testkit.Machines;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** A control node and a worker, each a process of its own, one small image, and a caller of the API. */
final class BunkerFleet implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(2);

    /** No call of these acts takes longer; without it a bunker that hangs would hang all of this. */
    private static final Duration CALL_LIMIT = Duration.ofHours(1);

    private static final long LIMIT = TimeUnit.MINUTES.toNanos(10);
    private static final String IMAGE = "bench";

    /** What a command may take beside its own time. */
    private static final Duration EXEC_GRACE = Duration.ofMinutes(1);

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Path work;
    private final int clusterPort = Ports.free();
    private final int apiPort = Ports.free();
    private final NodeProcess control;
    private final String key;
    private NodeProcess worker;

    BunkerFleet(Path work, Path image) throws IOException, InterruptedException {
        this.work = work;
        control = start(
                "control",
                clusterPort,
                Map.of("node.rooms", "fanout,scheduler,scanner,api", "api.port", Integer.toString(apiPort)));
        worker = startWorker();
        key = Files.readString(work.resolve("control/var/super-admin.key")).strip();
        register(image);
    }

    private NodeProcess startWorker() {
        return start(
                "worker",
                Ports.free(),
                Map.of(
                        "node.rooms",
                        "worker",
                        "worker.tar-roots",
                        work.toString(),
                        "worker.cpu-millicores",
                        "64000",
                        "worker.memory-mb",
                        "65536",
                        "worker.disk-mb",
                        "65536",
                        "cluster.members",
                        "127.0.0.1:" + clusterPort));
    }

    private NodeProcess start(String name, int port, Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(more);
        settings.put("cluster.port", Integer.toString(port));
        settings.put("cluster.bus-port", "0");
        settings.put("cluster.join-token", "bench");
        return NodeProcess.start(work.resolve(name), settings).awaitReady(START);
    }

    private void register(Path image) throws IOException, InterruptedException {
        JsonNode known = await(
                "/workers",
                rows -> rows.path(0).path("status").asText().equals("ready")
                        && !rows.path(0).path("acceleration").asText().startsWith("none: not probed"));
        String group = post("/availability-groups", Map.of("name", "all", "image_policy", "all"))
                .path("id")
                .asText();
        post(
                "/availability-groups/" + group + "/workers",
                Map.of("worker_ids", List.of(known.path(0).path("id").asText())));
        post(
                "/images",
                Map.of("name", IMAGE, "size_mib", 64, "build_source", Map.of("kind", "tar", "path", image.toString())));
        await(
                "/images/" + IMAGE + "/cache",
                rows -> rows.path(0).path("status").asText().equals("ready"));
    }

    /** How machines run here, in the worker's words. */
    String acceleration() throws IOException, InterruptedException {
        return get("/workers").path(0).path("acceleration").asText();
    }

    /** A bunker that runs, as the API shows it. */
    JsonNode bunker(int diskMb) throws IOException, InterruptedException {
        String id = post("/bunkers", Map.of("image", IMAGE, "memory_mb", 192, "disk_mb", diskMb))
                .path("id")
                .asText();
        return await("/bunkers/" + id, row -> isRunning(id, row));
    }

    private static boolean isRunning(String id, JsonNode row) {
        if (row.path("status").asText().equals("failed")) {
            throw new IllegalStateException(id + " failed: " + row.path("failure"));
        }
        return row.path("status").asText().equals("running");
    }

    /** Ends it and waits for its end. */
    void end(String bunker) throws IOException, InterruptedException {
        send(call("/bunkers/" + bunker).DELETE());
        await("/bunkers/" + bunker, row -> !row.path("ended_at").isNull());
    }

    /** A command's outcome. */
    JsonNode exec(String bunker, int timeoutS, String command) throws IOException, InterruptedException {
        byte[] body = mapper.writeValueAsBytes(Map.of("command", command, "timeout_s", timeoutS));
        return send(call("/bunkers/" + bunker + "/exec")
                .timeout(Duration.ofSeconds(timeoutS).plus(EXEC_GRACE))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** The same, asked again for as long as the answer is «not now»; a worker that was started anew has to say where it is. */
    JsonNode execSoon(String bunker, String command) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START.toNanos();
        while (true) {
            try {
                return exec(bunker, 60, command);
            } catch (IOException refused) {
                if (!String.valueOf(refused.getMessage()).startsWith("503") || System.nanoTime() > deadline) {
                    throw refused;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    /** What its console said. */
    String console(String bunker) throws IOException, InterruptedException {
        return get("/bunkers/" + bunker + "/logs").path("console").asText();
    }

    /** The status of an upload. */
    int put(String bunker, String path, Path content) throws IOException, InterruptedException {
        return http.send(
                        call("/bunkers/" + bunker + "/files?path=" + path)
                                .PUT(HttpRequest.BodyPublishers.ofFile(content))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    void download(String bunker, String path, Path into) throws IOException, InterruptedException {
        var answer = http.send(
                call("/bunkers/" + bunker + "/files?path=" + path).GET().build(),
                HttpResponse.BodyHandlers.ofFile(into));
        if (answer.statusCode() != 200) {
            throw new IOException("downloading answers " + answer.statusCode());
        }
    }

    /** A terminal's size after a change of it, in the words of {@code stty}. */
    String resized(String bunker, int columns, int rows) {
        return BenchTerminal.sizeAfter(
                http,
                URI.create("ws://127.0.0.1:" + apiPort + "/v1/modules/scaibunker/bunkers/" + bunker
                        + "/shell?cols=80&rows=24"),
                key,
                columns,
                rows);
    }

    NodeProcess worker() {
        return worker;
    }

    /** The one with the API. */
    NodeProcess control() {
        return control;
    }

    /** Seconds until the worker is there again, after {@code kill -9} or an orderly stop. */
    double restartWorker(boolean kill) {
        if (kill) {
            worker.kill();
        } else {
            worker.close();
        }
        long begun = System.nanoTime();
        worker = startWorker();
        return (System.nanoTime() - begun) / 1e9;
    }

    JsonNode await(String path, Predicate<JsonNode> state) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT;
        while (true) {
            JsonNode seen = get(path);
            if (state.test(seen)) {
                return seen;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not reached in time: " + seen);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        return send(call(path).GET());
    }

    private JsonNode post(String path, Map<String, ?> body) throws IOException, InterruptedException {
        return send(call(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(mapper.writeValueAsString(body))));
    }

    private HttpRequest.Builder call(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + apiPort + "/v1/modules/scaibunker" + path))
                .timeout(CALL_LIMIT)
                .header("Authorization", "Bearer " + key);
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException(answer.statusCode() + ": " + answer.body());
        }
        return mapper.readTree(answer.body()).path("data");
    }

    @Override
    public void close() {
        worker.close();
        control.close();
        http.close();
        // A worker leaves them to its next start, which there will not be.
        Machines.below(work).values().forEach(ProcessHandle::destroyForcibly);
    }
}
