package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.ApiClient;
import io.scaibunker.testkit.Link;
import io.scaibunker.testkit.Machines;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.RowCheck;
import io.scaibunker.testkit.SampleImages;
import io.scaibunker.testkit.TestDatabase;
import io.scaibunker.testkit.TwoNetworks;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cluster falls in two, each half with a control node, a worker and a way to the rows; and becomes one again. It takes its time,
 * most of which is the members' silence and their merging, so it runs when it is asked for: {@code -Dsplit=true}.
 */
class SplitTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    @TempDir
    Path dir;

    private final TestDatabase database = TestDatabase.empty();
    private final List<NodeProcess> controls = new ArrayList<>();
    private final List<NodeProcess> workers = new ArrayList<>();
    private final List<ApiClient> apis = new ArrayList<>();
    private final List<Link> ways = new ArrayList<>();
    private TwoNetworks networks;

    @BeforeAll
    static void look() {
        var why = Boolean.getBoolean("split")
                ? TwoNetworks.whyNot()
                : Optional.of("takes its time; -Dsplit=true runs it");
        why.ifPresent(said -> System.out.println("skipped: " + said));
        assumeTrue(why.isEmpty(), () -> why.orElse(""));
        assumeTrue(SampleImages.hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
    }

    @BeforeEach
    void start() throws IOException {
        networks = new TwoNetworks();
        for (var name : List.of("before", "left", "right")) {
            var tree = Files.createDirectories(dir.resolve("tree-" + name));
            SampleImages.answer(tree);
            SampleImages.bulk(tree.resolve("bulk"), 5, name.hashCode());
            SampleImages.tar(tree, Files.createDirectories(dir.resolve("tars")).resolve(name + ".tar"));
        }
        for (var side = 0; side < 2; side++) {
            ways.add(Link.from(InetAddress.getByName(networks.host(side)), database.port()));
            apis.add(new ApiClient(List.of(networks.api(side) + ":8480"), this::key, Duration.ofSeconds(30)));
            // The first one makes the tables, the key and the secrets of both.
            controls.add(start("control", side, ofControl(side)));
            controls.getLast().awaitReady(LIMIT);
        }
        for (var side = 0; side < 2; side++) {
            workers.add(start("worker", side, ofWorker(side)));
        }
        workers.forEach(worker -> worker.awaitReady(LIMIT));
    }

    private NodeProcess start(String kind, int side, Map<String, String> more) {
        var settings = new TreeMap<>(more);
        settings.put("cluster.host", networks.node(side));
        settings.put("cluster.bus-port", "0");
        settings.put("cluster.silence", "5s");
        settings.put("cluster.join-token", "a word among tests");
        settings.put(
                "cluster.members",
                String.join(
                        ",",
                        networks.node(0) + ":5701",
                        networks.node(1) + ":5701",
                        networks.node(1 - side) + ":5702"));
        return NodeProcess.start(home(kind, side), networks.in(side), NodeProcess.set(settings));
    }

    private Path home(String kind, int side) {
        return dir.resolve(kind + "-" + side);
    }

    private Map<String, String> ofControl(int side) {
        return Map.of(
                "cluster.port", "5701",
                "node.rooms", "fanout,scheduler,scanner,api",
                "node.secrets-key-file",
                        home("control", 0).resolve("var/secrets-key").toString(),
                "store.url", database.urlBy(networks.host(side), ways.get(side).port()),
                "api.host", networks.api(side),
                "fanout.sweep", "1s",
                "fanout.bake-lease", "5s",
                "scanner.sweep", "1s",
                "scheduler.worker-stale", "10s");
    }

    private Map<String, String> ofWorker(int side) {
        return Map.of(
                "cluster.port", "5702",
                "node.rooms", "worker",
                "worker.name", "worker-" + side,
                "worker.grpc-host", networks.node(side),
                "worker.sweep", "1s",
                "worker.beat", "1s",
                "worker.connect-timeout", "2s",
                "worker.tar-roots", dir.resolve("tars").toString(),
                "worker.cpu-millicores", "2000",
                "worker.acceleration", "tcg");
    }

    private String key() {
        try {
            return Files.readString(home("control", 0).resolve("var/super-admin.key"))
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void stop() {
        apis.forEach(ApiClient::close);
        workers.forEach(NodeProcess::kill);
        controls.forEach(NodeProcess::kill);
        Machines.below(dir).values().forEach(ProcessHandle::destroyForcibly);
        ways.forEach(Link::close);
        if (networks != null) {
            networks.close();
        }
        database.close();
    }

    @Test
    void aClusterThatFellInTwoIsTrueOnBothSidesAndOneAgainWithNoCall() throws Exception {
        gather();
        register(0, "before");
        awaitReady("before");

        networks.cut();
        everybody("sees two nodes", 2);
        register(0, "left");
        register(1, "right");
        awaitReady("left");
        awaitReady("right");
        assertThat(workers).allSatisfy(worker -> assertThat(worker.output()).contains(" baked img_"));
        var booked = bunkersOnBothSides();

        networks.heal();
        everybody("sees all four", 4);
        apis.get(0).post("/images/left/deactivate", new JsonObject()).data();
        apis.get(1).post("/images/right/deactivate", new JsonObject()).data();
        booked.forEach(
                id -> apis.get(booked.indexOf(id) % 2).delete("/bunkers/" + id).data());
        var check = new RowCheck(database, ":none");
        eventually(LIMIT, () -> assertThat(check.violations()).isEmpty());
        eventually(LIMIT, () -> assertThat(Machines.below(dir)).isEmpty());
        assertThat(apis)
                .allSatisfy(api -> assertThat(api.get("/images/before").data().getString("status"))
                        .isEqualTo("active"));
    }

    /** Both workers in a group that covers all images. */
    private void gather() {
        var ids = eventually(
                "both workers are ready",
                LIMIT,
                () -> apis.get(0).get("/workers").list().stream()
                        .map(JsonObject.class::cast)
                        .filter(worker -> worker.getString("acceleration").startsWith("tcg")
                                && worker.getString("status").equals("ready"))
                        .map(worker -> worker.getString("id"))
                        .toList(),
                found -> found.size() == 2);
        var group = apis.get(0)
                .post(
                        "/availability-groups",
                        new JsonObject().put("name", "pool").put("image_policy", "all"))
                .data()
                .getString("id");
        apis.get(0)
                .post(
                        "/availability-groups/" + group + "/workers",
                        new JsonObject().put("worker_ids", new JsonArray(ids)))
                .data();
    }

    private void register(int side, String name) {
        var source = new JsonObject()
                .put("kind", "tar")
                .put("path", dir.resolve("tars/" + name + ".tar").toString());
        apis.get(side)
                .post(
                        "/images",
                        new JsonObject()
                                .put("name", name)
                                .put("size_mib", 32)
                                .put("default_memory_mb", 128)
                                .put("default_disk_mb", 64)
                                .put("build_source", source))
                .data();
    }

    private void awaitReady(String image) {
        eventually(
                image + " is ready on both sides",
                LIMIT,
                () -> apis.get(0).get("/images/" + image + "/cache").list().stream()
                        .map(row -> ((JsonObject) row).getString("status"))
                        .toList(),
                List.of("ready", "ready")::equals);
    }

    private void everybody(String what, int count) {
        for (var node : IntStream.range(0, 4)
                .mapToObj(i -> i < 2 ? controls.get(i) : workers.get(i - 2))
                .toList()) {
            eventually("everybody " + what, LIMIT, () -> lastCount(node), seen -> seen == count);
        }
    }

    private static int lastCount(NodeProcess node) {
        return node.output()
                .lines()
                .filter(line -> line.contains(" Cluster ") && line.contains(" node"))
                .reduce((first, second) -> second)
                .map(line -> Integer.parseInt(line.replaceAll(".*?(\\d+) nodes?$", "$1")))
                .orElse(0);
    }

    /** Twice as many as there is room for, asked for on both sides at once: what is booked is what fits. */
    private List<String> bunkersOnBothSides() throws Exception {
        List<Callable<ApiClient.Answer>> orders = new ArrayList<>();
        for (var number = 0; number < 8; number++) {
            var api = apis.get(number % 2);
            orders.add(() -> api.post("/bunkers", new JsonObject().put("image", "before")));
        }
        List<String> booked = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var order : threads.invokeAll(orders)) {
                if (order.get().status() < 300) {
                    booked.add(order.get().data().getString("id"));
                }
            }
        }
        assertThat(booked).hasSize(4);
        booked.forEach(id -> eventually(
                id + " runs",
                LIMIT,
                () -> apis.get(0).get("/bunkers/" + id).data().getString("status"),
                "running"::equals));
        assertThat(new RowCheck(database, ":none").violations()).noneMatch(told -> told.startsWith("booked room"));
        return booked;
    }
}
