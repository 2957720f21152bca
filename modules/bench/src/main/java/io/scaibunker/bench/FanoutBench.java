package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench fanout}: one image from a real registry to several workers, beside plain copies of the same bytes. */
@Command(name = "fanout")
final class FanoutBench implements Callable<Integer> {
    private static final long LIMIT = TimeUnit.MINUTES.toNanos(15);
    /** What a worker says when it has fetched a copy. */
    private static final Pattern FETCHED = Pattern.compile("fetched \\S+ as \\S+: (\\d+) bytes from others");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<RunningNode> nodes = new ArrayList<>();
    private String api = "";
    private String key = "";

    @Option(names = "--workers", required = true)
    private int workers;

    @Option(names = "--input", required = true)
    private Path input = Path.of("");

    @Option(names = "--form", required = true)
    private String form = "";

    @Option(names = "--size-mib", required = true)
    private long sizeMib;

    @Option(names = "--scaibunker", required = true)
    private Path scaibunker = Path.of("");

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    /** One image's way to all workers. */
    private record Spread(double firstReady, double allReady, long registryBytes, long wireBytes) {}

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(work);
        try (Registry registry = Registry.start(work.resolve("registry"))) {
            registry.push(input.resolve(form), "bench/image:1");
            registry.push(input.resolve(form + "-changed"), "bench/image:2");
            startFleet(registry.host());
            long compressed = BakeInput.read(input, form).storedBytes();
            Spread first = spread(registry, "one", "bench/image:1");
            long each = first.wireBytes() / Math.max(1, workers - 1);
            double plain = PlainCopies.seconds(anyCopy(), 266_240, each, workers - 1, work);
            Spread second = spread(registry, "two", "bench/image:2");
            ObjectNode outcome = mapper.createObjectNode()
                    .put("bench", "fanout")
                    .put("workers", workers)
                    .put("compressed_bytes", compressed)
                    .put("registry_bytes", first.registryBytes())
                    .put("registry_pulls", rounded((double) first.registryBytes() / compressed))
                    .put("wire_bytes", first.wireBytes())
                    .put("first_ready_s", rounded(first.firstReady()))
                    .put("all_ready_s", rounded(first.allReady()))
                    .put("plain_copy_s", rounded(plain))
                    .put("ratio_to_plain_copy", rounded(first.allReady() / (first.firstReady() + plain)))
                    .put("next_version_registry_bytes", second.registryBytes())
                    .put("next_version_wire_bytes", second.wireBytes())
                    .put("next_version_s", rounded(second.allReady()));
            outcome.set("machine", Machine.describe(mapper));
            System.out.println(mapper.writeValueAsString(outcome));
        } finally {
            for (int index = nodes.size() - 1; index >= 0; index--) {
                nodes.get(index).close();
            }
        }
        return 0;
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void startFleet(String registry) throws Exception {
        int clusterPort = freePort();
        int apiPort = freePort();
        Path data = work.resolve("control");
        nodes.add(RunningNode.start(
                scaibunker,
                work.resolve("control.log"),
                List.of(
                        "node.data-dir=" + data,
                        "node.rooms=fanout,scheduler,scanner,api",
                        "cluster.port=" + clusterPort,
                        "cluster.bus-port=0",
                        "cluster.join-token=bench",
                        "api.port=" + apiPort)));
        for (int number = 1; number <= workers; number++) {
            nodes.add(RunningNode.start(
                    scaibunker,
                    work.resolve("worker-" + number + ".log"),
                    List.of(
                            "node.data-dir=" + work.resolve("worker-" + number),
                            "node.rooms=worker",
                            "worker.name=w" + number,
                            "worker.acceleration=tcg",
                            "worker.insecure-registries=" + registry,
                            "cluster.port=" + freePort(),
                            "cluster.members=127.0.0.1:" + clusterPort,
                            "cluster.bus-port=0",
                            "cluster.join-token=bench")));
        }
        api = "http://127.0.0.1:" + apiPort + "/v1/modules/scaibunker";
        key = Files.readString(data.resolve("super-admin.key")).strip();
        JsonNode all = mapper.createArrayNode();
        long deadline = System.nanoTime() + LIMIT;
        while (ready(all = get("/workers")) < workers) {
            pause(deadline, all);
        }
        ObjectNode members = mapper.createObjectNode();
        var ids = members.putArray("worker_ids");
        all.forEach(worker -> ids.add(worker.path("id").asText()));
        String group = post("/availability-groups", "{\"name\":\"all\",\"image_policy\":\"all\"}")
                .path("id")
                .asText();
        post("/availability-groups/" + group + "/workers", mapper.writeValueAsString(members));
    }

    private static long ready(JsonNode rows) {
        long ready = 0;
        for (JsonNode row : rows) {
            ready += row.path("status").asText().equals("ready") ? 1 : 0;
        }
        return ready;
    }

    private static void pause(long deadline, JsonNode seen) {
        if (System.nanoTime() > deadline) {
            throw new IllegalStateException("not ready in time: " + seen);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }

    private Spread spread(Registry registry, String name, String reference) throws Exception {
        long given = registry.givenBytes();
        long moved = movedBytes();
        long begun = System.nanoTime();
        post(
                "/images",
                mapper.writeValueAsString(mapper.createObjectNode()
                        .put("name", name)
                        .put("size_mib", sizeMib)
                        .set(
                                "build_source",
                                mapper.createObjectNode()
                                        .put("kind", "oci")
                                        .put("ref", registry.host() + "/" + reference))));
        double first = 0;
        JsonNode rows = get("/images/" + name + "/cache");
        for (; ready(rows) < workers; rows = get("/images/" + name + "/cache")) {
            if (first == 0 && ready(rows) > 0) {
                first = (System.nanoTime() - begun) / 1e9;
            }
            for (JsonNode row : rows) {
                if (row.path("status").asText().equals("failed")) {
                    throw new IllegalStateException("a copy failed: " + row);
                }
            }
            pause(begun + LIMIT, rows);
        }
        double all = (System.nanoTime() - begun) / 1e9;
        var outcome = new Spread(first == 0 ? all : first, all, registry.givenBytes() - given, movedBytes() - moved);
        System.out.printf(
                Locale.ROOT,
                "%s: first ready after %.1f s, all %d after %.1f s; %,d bytes from the registry, %,d between workers%n",
                name,
                outcome.firstReady(),
                workers,
                all,
                outcome.registryBytes(),
                outcome.wireBytes());
        return outcome;
    }

    /** What workers have given to each other so far, by their own word. */
    private long movedBytes() throws IOException {
        long sum = 0;
        for (int number = 1; number <= workers; number++) {
            String log = Files.readString(work.resolve("worker-" + number + ".log"));
            sum += FETCHED.matcher(log)
                    .results()
                    .mapToLong(fetched -> Long.parseLong(fetched.group(1)))
                    .sum();
        }
        return sum;
    }

    private Path anyCopy() throws IOException {
        try (var copies = Files.newDirectoryStream(work.resolve("worker-1/worker/copies"), "*.ext4")) {
            return copies.iterator().next();
        }
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(api + path + "?limit=200")).GET());
    }

    private JsonNode post(String path, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(api + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = http.send(
                request.header("Authorization", "Bearer " + key).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException(answer.statusCode() + ": " + answer.body());
        }
        return mapper.readTree(answer.body()).path("data");
    }
}
