package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.ImageId;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two control nodes and two workers, each stopped in an orderly way and started again in turn, while callers go on. */
class RollingRestartTest {
    private static final String BASE = "/v1/modules/scaibunker";
    private static final Duration RETRY = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicInteger unavailable = new AtomicInteger();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private Fleet fleet;
    private final List<String> names = new CopyOnWriteArrayList<>();

    @Test
    void noRequestFailsThatIsTriedAgainAndAWatchLosesNothing() throws Exception {
        int second = Ports.free();
        // Several nodes start on one machine: what waits for the database there is no trouble of theirs.
        try (Fleet started = new Fleet(dir, dir, Map.of("store.connect-timeout", "20s"));
                ScheduledExecutorService pace = Executors.newScheduledThreadPool(2);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            fleet = started;
            try {
                restartAll(pace, callers, second);
            } finally {
                // Ends the watch, which would go on for ever.
                http.shutdownNow();
            }
        }
    }

    private void restartAll(ScheduledExecutorService pace, ExecutorService callers, int second) throws Exception {
        Map<String, String> secondPort = Map.of("cluster.port", "" + second);
        fleet.startSecondControl(secondPort);
        Map<String, String> members =
                Map.of("cluster.members", "127.0.0.1:" + fleet.clusterPort() + ",127.0.0.1:" + second);
        fleet.startWorker("one", members);
        fleet.startWorker("two", members);
        fleet.group("one", "two");
        String image = fleet.registerTar("watched", dir.resolve("none.tar"), 16).getString("id");
        Watcher watcher = new Watcher(image);
        callers.execute(watcher);
        eventually("a watch has begun", RETRY, () -> watcher.last, last -> last > 0);
        // What happened while it began stands in its snapshot, and is not told once more.
        call("POST", "/images/watched/scan", "scan-first", "");
        eventually("it tells what happens", RETRY, () -> watcher.told, told -> !told.isEmpty());
        long from = watcher.told.getLast();
        long begun = System.nanoTime();
        Future<?> reads = pace.scheduleWithFixedDelay(
                () -> call("GET", "/images/" + image, "", ""), 0, 50, TimeUnit.MILLISECONDS);
        Future<?> writes = pace.scheduleWithFixedDelay(this::register, 0, 200, TimeUnit.MILLISECONDS);

        restart("control", () -> fleet.startControl(members));
        restart("second", () -> fleet.startSecondControl(secondPort));
        restart("one", () -> fleet.startWorker("one", members));
        restart("two", () -> fleet.startWorker("two", members));
        fleet.workerId("one");
        fleet.workerId("two");

        reads.cancel(false);
        writes.cancel(false);
        pace.shutdown();
        assertThat(pace.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        assertThat(names).isNotEmpty();
        for (String name : names) {
            assertThat(fleet.get("/images/" + name).status()).isEqualTo(200);
        }
        List<Long> all = ids(image, from);
        eventually("nothing is left that the watch has not told", RETRY, () -> untold(all, watcher), List::isEmpty);
        assertThat(watcher.snapshots).hasValue(1);
        System.out.printf(
                "rolling restart of 2 control nodes and 2 workers in %d s: %d requests, tried again after %d refused, %d"
                        + " cut, %d with 503; %d failed; %d images made once each; %d events by a watch that resumed %d"
                        + " times, none lost%n",
                (System.nanoTime() - begun) / 1_000_000_000,
                requests.get(),
                refused.get(),
                cut.get(),
                unavailable.get(),
                failures.size(),
                names.size(),
                all.size(),
                watcher.begun.get() - 1);
        assertThat(failures).isEmpty();
    }

    private static List<Long> untold(List<Long> all, Watcher watcher) {
        return all.stream().filter(id -> !watcher.told.contains(id)).toList();
    }

    private void restart(String name, Callable<NodeProcess> start) throws Exception {
        fleet.node(name).terminate();
        assertThat(fleet.node(name).awaitExit(Duration.ofSeconds(30))).isZero();
        start.call();
    }

    /** Each made under a key of its own, and the watched image scanned again, which is an event. */
    private void register() {
        String name = "made-" + names.size();
        JsonObject body = new JsonObject()
                .put("name", name)
                .put("size_mib", 16)
                .put("build_source", new JsonObject().put("kind", "tar").put("path", "/none.tar"));
        call("POST", "/images", name, body.encode());
        call("POST", "/images/watched/scan", "scan-" + name, "");
        names.add(name);
    }

    /** Until it is done; anything but «not now» is a failure. */
    private void call(String method, String path, String key, String body) {
        requests.incrementAndGet();
        try {
            eventually(method + " " + path, RETRY, () -> attempt(method, path, key, body), done -> done);
        } catch (AssertionError e) {
            failures.add(e.getMessage());
        }
    }

    private boolean attempt(String method, String path, String key, String body) throws InterruptedException {
        HttpRequest.Builder request = request(path)
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (!key.isEmpty()) {
            request.header("Idempotency-Key", key);
        }
        try {
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 503) {
                unavailable.incrementAndGet();
                turn.incrementAndGet();
                return false;
            }
            if (answer.statusCode() >= 300) {
                failures.add(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
            }
            return true;
        } catch (ConnectException e) {
            refused.incrementAndGet();
        } catch (IOException e) {
            cut.incrementAndGet();
        }
        turn.incrementAndGet();
        return false;
    }

    /** Of the node that answered last, or the other one. */
    private HttpRequest.Builder request(String path) {
        String address = fleet.addresses().get(turn.get() % 2);
        return HttpRequest.newBuilder(URI.create("http://" + address + BASE + path))
                .header("Authorization", "Bearer " + fleet.key());
    }

    private List<Long> ids(String image, long after) {
        return fleet
                .database()
                .rows("SELECT id FROM events WHERE subject = '"
                        + ImageId.parse(image).value() + "' AND id > " + after + " ORDER BY id")
                .stream()
                .map(row -> (Long) Objects.requireNonNull(row.get("id")))
                .toList();
    }

    /** Watches by Server-Sent Events, and begins again behind the last one whenever they end. */
    private final class Watcher implements Runnable {
        private final String image;
        private final List<Long> told = new CopyOnWriteArrayList<>();
        private final AtomicInteger snapshots = new AtomicInteger();
        private final AtomicInteger begun = new AtomicInteger();
        private volatile boolean begins = true;
        private volatile long last;

        Watcher(String image) {
            this.image = image;
        }

        @Override
        public void run() {
            while (!http.isTerminated() && !Thread.currentThread().isInterrupted()) {
                HttpRequest.Builder request = request("/images/" + image + "/events");
                if (last > 0) {
                    request.header("Last-Event-ID", "" + last);
                }
                try {
                    HttpResponse<java.util.stream.Stream<String>> answer =
                            http.send(request.build(), HttpResponse.BodyHandlers.ofLines());
                    if (answer.statusCode() == 200) {
                        begun.incrementAndGet();
                        answer.body().forEach(this::line);
                    }
                } catch (IOException | UncheckedIOException e) {
                    // It ended with its node; the other one goes on.
                } catch (InterruptedException e) {
                    return;
                }
                turn.incrementAndGet();
            }
        }

        private void line(String line) {
            if (line.startsWith("id: ")) {
                last = Long.parseLong(line.substring("id: ".length()));
                if (begins) {
                    begins = false;
                } else {
                    told.add(last);
                }
            } else if (line.equals("event: snapshot")) {
                snapshots.incrementAndGet();
            }
        }
    }
}
