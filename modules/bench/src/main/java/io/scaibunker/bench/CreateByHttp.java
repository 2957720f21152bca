package io.scaibunker.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.model.ImageId;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * The control plane's own share of making a bunker: a real node with api and scheduler, asked over HTTP by many at once; from the
 * request to the answer that says where the bunker is. No worker is there to boot it.
 */
final class CreateByHttp {
    private static final int AT_ONCE = 50;
    private static final int WARM_UP = 5_000;
    private static final int COUNTED = 3_000;

    /** How long a bunker takes from there until it runs, on the machine that this was written on: nobody asks again before. */
    private static final Duration BOOT = Duration.ofMillis(2_100);

    private static final int BOOTS = 600;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path dir;
    private final int port = Ports.free();
    private final Map<String, String> settings;
    private final String key;

    /** Starts a node on the empty database for a moment: the first one makes the first key. */
    CreateByHttp(TestDatabase server) throws IOException {
        dir = Files.createTempDirectory("placement");
        settings = Map.of(
                "node.data-dir",
                dir.toString(),
                "node.rooms",
                "scheduler,api",
                "store.url",
                server.url(),
                "scheduler.worker-stale",
                "10m",
                "cluster.port",
                Integer.toString(Ports.free()),
                "cluster.bus-port",
                "0",
                "cluster.join-token",
                "bench",
                "api.port",
                Integer.toString(port));
        start().close();
        key = Files.readString(dir.resolve("super-admin.key")).strip();
    }

    private NodeProcess start() {
        return NodeProcess.start(dir, settings).awaitReady(Duration.ofMinutes(2));
    }

    void measure(List<ImageId> images, ObjectNode outcome) throws InterruptedException, ExecutionException {
        NodeProcess node = start();
        try {
            ask(images, WARM_UP, Duration.ZERO);
            Duration worked = node.worked();
            long start = System.nanoTime();
            List<Long> nanos = ask(images, COUNTED, Duration.ZERO);
            double took = (System.nanoTime() - start) / 1e9;
            Collections.sort(nanos);
            outcome.put("create_at_once", AT_ONCE)
                    .put("create_p50_ms", nanos.get(nanos.size() / 2) / 1000 / 1e3)
                    .put("create_p99_ms", nanos.get(nanos.size() * 99 / 100) / 1000 / 1e3)
                    .put(
                            "create_cpu_us",
                            node.worked().minus(worked).dividedBy(nanos.size()).toNanos() / 1000)
                    .put("create_per_s", Math.round(nanos.size() / took));
            List<Long> booting = ask(images, BOOTS, BOOT);
            Collections.sort(booting);
            outcome.put("create_booting_p50_ms", booting.get(booting.size() / 2) / 1000 / 1e3)
                    .put("create_booting_p99_ms", booting.get(booting.size() * 99 / 100) / 1000 / 1e3);
        } finally {
            node.close();
            NodeProcess.wipe(dir);
        }
    }

    /** @param pause of each asker, between an answer and its next question */
    private List<Long> ask(List<ImageId> images, int times, Duration pause)
            throws InterruptedException, ExecutionException {
        List<Long> nanos = new ArrayList<>();
        try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Long>>> asked = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                Random random = new Random(i);
                asked.add(askers.submit(() -> askInTurn(images, times / AT_ONCE, pause, random)));
            }
            for (Future<List<Long>> one : asked) {
                nanos.addAll(one.get());
            }
        }
        return nanos;
    }

    private List<Long> askInTurn(List<ImageId> images, int times, Duration pause, Random random)
            throws IOException, InterruptedException {
        URI bunkers = URI.create("http://127.0.0.1:" + port + "/v1/modules/scaibunker/bunkers");
        List<Long> nanos = new ArrayList<>();
        LockSupport.parkNanos((long) (random.nextDouble() * pause.toNanos()));
        for (int i = 0; i < times; i++) {
            String wish = "{\"image\":\"" + images.get(random.nextInt(images.size())) + "\"}";
            HttpRequest request = HttpRequest.newBuilder(bunkers)
                    .header("Authorization", "Bearer " + key)
                    .POST(HttpRequest.BodyPublishers.ofString(wish))
                    .build();
            long start = System.nanoTime();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            nanos.add(System.nanoTime() - start);
            if (answer.statusCode() != 201) {
                throw new IOException(answer.statusCode() + " " + answer.body());
            }
            LockSupport.parkNanos(pause.toNanos());
        }
        return nanos;
    }
}
