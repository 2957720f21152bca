package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hazelcast.config.Config;
import com.hazelcast.config.MultiMapConfig;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.Secret;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench converge}: many workers without bytes and one real control node, through a fan-out and a restart. */
@Command(name = "converge")
final class ConvergeBench implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration START = Duration.ofMinutes(2);
    private static final int WATCHED_MAX = 10;
    private static final int CALM_ROUNDS = 50;

    private final ObjectMapper mapper = new ObjectMapper();
    private final AtomicLong messages = new AtomicLong();
    private final Latencies latencies = new Latencies();
    private final List<SimulatedWorker> fleet = new ArrayList<>();
    private final List<String> images = new ArrayList<>();

    @Option(names = "--workers", required = true)
    private int workers;

    @Option(names = "--images", required = true)
    private int count;

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    @Override
    public Integer call() throws Exception {
        int clusterPort = Ports.free();
        int ownPort = Ports.free();
        int apiPort = Ports.free();
        Map<String, String> settings = Map.of(
                "node.rooms",
                "fanout,scheduler,scanner,api",
                "cluster.port",
                "" + clusterPort,
                "cluster.members",
                "127.0.0.1:" + ownPort,
                "cluster.bus-port",
                "0",
                "cluster.join-token",
                "bench",
                "api.port",
                "" + apiPort);
        Path home = work.resolve("control");
        NodeProcess control = NodeProcess.start(home, settings).awaitReady(START);
        Vertx vertx = join(ownPort, clusterPort);
        try {
            ObjectNode outcome = mapper.createObjectNode();
            String key = Files.readString(home.resolve("var/super-admin.key")).strip();
            ScaiBunkerClient client = new ScaiBunkerClient(vertx, new Secret(key), Duration.ofSeconds(30));
            String api = "http://127.0.0.1:" + apiPort + "/v1/modules/scaibunker";
            outcome.put("workers", workers).put("images", count);

            register(client);
            recruit(vertx);
            try (HttpClient http = HttpClient.newHttpClient()) {
                watch(http, api, key);
                fanOut(client, outcome);
                calm(outcome);
                control.kill();
                // While nobody counts, a fifth of all copies goes away.
                fleet.forEach(worker -> worker.lose(5));
                long killed = System.nanoTime();
                control = NodeProcess.start(home, settings).awaitReady(START);
                double started = seconds(killed);
                messages.set(0);
                awaitAll(client);
                outcome.put("lost_copies", workers * ((count + 4) / 5));
                outcome.put("restart_s", started);
                outcome.put("reconverge_s", seconds(killed));
                outcome.put("reconverge_messages_per_s", messages.get() / Math.max(0.001, seconds(killed) - started));
                http.shutdownNow();
            }
            print(outcome);
            System.out.println(mapper.writeValueAsString(outcome));
            return 0;
        } finally {
            control.close();
            vertx.close().await(20, TimeUnit.SECONDS);
        }
    }

    private static Vertx join(int ownPort, int clusterPort) {
        Config hazelcast = new Config().setClusterName("scaibunker");
        hazelcast.setProperty("hazelcast.partition.count", "31");
        hazelcast.setProperty("hazelcast.logging.type", "none");
        hazelcast.getMultiMapConfig("__vertx.subs").setValueCollectionType(MultiMapConfig.ValueCollectionType.SET);
        var network = hazelcast.getNetworkConfig().setPort(ownPort);
        network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + clusterPort);
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                .withClusterManager(new HazelcastClusterManager(hazelcast))
                .buildClustered()
                .await();
        BusCodec.install(vertx.eventBus());
        return vertx;
    }

    private void register(ScaiBunkerClient client) {
        for (int i = 0; i < count; i++) {
            JsonObject source = new JsonObject().put("kind", "tar").put("path", "/srv/" + i + ".tar");
            JsonObject wish = new JsonObject()
                    .put("name", "image-" + i)
                    .put("size_mib", 64)
                    .put("build_source", source);
            images.add(client.registerImage(wish).await().getString("id"));
        }
    }

    private void recruit(Vertx vertx) {
        for (int i = 0; i < workers; i++) {
            SimulatedWorker worker = new SimulatedWorker("worker-" + i, messages, latencies);
            vertx.deployVerticle(worker).await();
            fleet.add(worker);
        }
    }

    private void watch(HttpClient http, String api, String key) throws IOException, InterruptedException {
        for (String image : images.subList(0, Math.min(WATCHED_MAX, images.size()))) {
            SseWatcher.start(http, api, key, image, latencies);
        }
    }

    /** All workers join a group that covers all images: every copy at once. */
    private void fanOut(ScaiBunkerClient client, ObjectNode outcome) {
        String group = client.createGroup(new JsonObject().put("name", "all").put("image_policy", "all"))
                .await()
                .getString("id");
        messages.set(0);
        long begun = System.nanoTime();
        client.addGroupWorkers(
                        group,
                        fleet.stream().map(worker -> worker.id().toString()).toList())
                .await();
        awaitAll(client);
        outcome.put("copies", workers * count);
        outcome.put("fanout_s", seconds(begun));
        outcome.put("fanout_messages_per_s", messages.get() / seconds(begun));
        outcome.put("fanout_event_to_sse_p50_ms", latencies.quantile(0.5));
        outcome.put("fanout_event_to_sse_p99_ms", latencies.quantile(0.99));
        outcome.put("fanout_events_measured", latencies.count());
    }

    /** A worker loses its copies now and then: what one event takes when nothing stands before it. */
    private void calm(ObjectNode outcome) {
        latencies.restart();
        for (int round = 0; round < CALM_ROUNDS; round++) {
            SimulatedWorker worker = fleet.get(round % fleet.size());
            worker.lose(1);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
        }
        outcome.put("calm_event_to_sse_p50_ms", latencies.quantile(0.5));
        outcome.put("calm_event_to_sse_p99_ms", latencies.quantile(0.99));
        outcome.put("calm_events_measured", latencies.count());
    }

    /** Rows and workers say the same: all is here. */
    private void awaitAll(ScaiBunkerClient client) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!isWhole(client)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not all copies are ready within " + LIMIT);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private boolean isWhole(ScaiBunkerClient client) {
        if (fleet.stream().anyMatch(worker -> worker.held() < images.size())) {
            return false;
        }
        for (String image : images) {
            JsonObject readiness;
            try {
                readiness = client.image(image).await().getJsonObject("readiness");
            } catch (RuntimeException e) {
                return false;
            }
            if (readiness.getInteger("ready") < workers) {
                return false;
            }
        }
        return true;
    }

    private static double seconds(long since) {
        return Math.round((System.nanoTime() - since) / 1e6) / 1e3;
    }

    private static void print(ObjectNode outcome) {
        outcome.properties().forEach(figure -> System.out.printf("%-28s %s%n", figure.getKey(), figure.getValue()));
    }
}
