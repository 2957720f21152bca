package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.testkit.ApiClient;
import io.scaibunker.testkit.LocalRegistry;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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

    private static final Duration CALL = Duration.ofMinutes(1);
    private static final Duration START = Duration.ofMinutes(2);

    /** What a worker says when it has fetched a copy. */
    private static final Pattern FETCHED = Pattern.compile("fetched \\S+ as \\S+: (\\d+) bytes from others");

    private final ObjectMapper mapper = new ObjectMapper();
    private final List<NodeProcess> nodes = new ArrayList<>();
    private ApiClient api = new ApiClient(List.of(), () -> "", CALL);

    @Option(names = "--workers", required = true)
    private int workers;

    @Option(names = "--input", required = true)
    private Path input = Path.of("");

    @Option(names = "--form", required = true)
    private String form = "";

    @Option(names = "--size-mib", required = true)
    private long sizeMib;

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    /** One image's way to all workers. */
    private record Spread(double firstReady, double allReady, long registryBytes, long wireBytes) {}

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(work);
        try (LocalRegistry registry = LocalRegistry.start(work.resolve("registry"))) {
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
            api.close();
            for (int index = nodes.size() - 1; index >= 0; index--) {
                nodes.get(index).close();
            }
        }
        return 0;
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }

    private void startFleet(String registry) throws Exception {
        int clusterPort = Ports.free();
        int apiPort = Ports.free();
        start("control", Map.of("node.rooms", "fanout,scheduler,scanner,api", "api.port", "" + apiPort), clusterPort);
        for (int number = 1; number <= workers; number++) {
            start(
                    "worker-" + number,
                    Map.of(
                            "node.rooms",
                            "worker",
                            "worker.name",
                            "w" + number,
                            "worker.acceleration",
                            "tcg",
                            "worker.insecure-registries",
                            registry,
                            "cluster.members",
                            "127.0.0.1:" + clusterPort),
                    Ports.free());
        }
        Path key = work.resolve("control/var/super-admin.key");
        String word = Files.readString(key).strip();
        api = new ApiClient(List.of("127.0.0.1:" + apiPort), () -> word, CALL);
        JsonArray all;
        long deadline = System.nanoTime() + LIMIT;
        while (ready(all = api.get("/workers").list()) < workers) {
            pause(deadline, all);
        }
        JsonArray ids = new JsonArray();
        all.forEach(worker -> ids.add(((JsonObject) worker).getString("id")));
        String group = api.post(
                        "/availability-groups",
                        new JsonObject().put("name", "all").put("image_policy", "all"))
                .data()
                .getString("id");
        api.post("/availability-groups/" + group + "/workers", new JsonObject().put("worker_ids", ids))
                .data();
    }

    private void start(String name, Map<String, String> more, int clusterPort) {
        Map<String, String> settings = new TreeMap<>(more);
        settings.put("cluster.port", "" + clusterPort);
        settings.put("cluster.bus-port", "0");
        settings.put("cluster.join-token", "bench");
        NodeProcess node = NodeProcess.start(work.resolve(name), settings);
        nodes.add(node);
        node.awaitReady(START);
    }

    private static long ready(JsonArray rows) {
        return rows.stream()
                .filter(row -> ((JsonObject) row).getString("status").equals("ready"))
                .count();
    }

    private static void pause(long deadline, JsonArray seen) {
        if (System.nanoTime() > deadline) {
            throw new IllegalStateException("not ready in time: " + seen);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }

    private Spread spread(LocalRegistry registry, String name, String reference) throws Exception {
        long given = registry.givenBytes();
        long moved = movedBytes();
        long begun = System.nanoTime();
        JsonObject source = new JsonObject().put("kind", "oci").put("ref", registry.host() + "/" + reference);
        api.post(
                        "/images",
                        new JsonObject()
                                .put("name", name)
                                .put("size_mib", sizeMib)
                                .put("build_source", source))
                .data();
        double first = 0;
        JsonArray rows = rows(name);
        for (; ready(rows) < workers; rows = rows(name)) {
            if (first == 0 && ready(rows) > 0) {
                first = (System.nanoTime() - begun) / 1e9;
            }
            for (Object row : rows) {
                if (((JsonObject) row).getString("status").equals("failed")) {
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

    private JsonArray rows(String image) {
        return api.get("/images/" + image + "/cache?limit=200").list();
    }

    /** What workers have given to each other so far, by their own word. */
    private long movedBytes() {
        return nodes.stream()
                .flatMap(node -> FETCHED.matcher(node.output()).results())
                .mapToLong(fetched -> Long.parseLong(fetched.group(1)))
                .sum();
    }

    private Path anyCopy() throws IOException {
        try (var copies = Files.newDirectoryStream(work.resolve("worker-1/var/worker/copies"), "*.ext4")) {
            return copies.iterator().next();
        }
    }
}
