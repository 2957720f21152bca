package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints, as one JSON object, how fast the console is there and how smoothly it goes on: {@code scripts/bench console}. The browser has
 * no graphics processor, and shares the machine with the node, its database and the driver.
 */
class ConsoleFiguresTest {
    private static final int VIEWS = 11;
    private static final int WORKERS = 5_000;
    private static final int UPDATES_PER_S = 500;
    private static final int STEPS_PER_S = 10;
    private static final int SECONDS = 10;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** When a page's heading was first there, by the clock that begins with the navigation. */
    private static final String HEADING_AT = """
            new MutationObserver((_, observer) => {
              if (document.querySelector('.page h1')) { window.headingAt = performance.now(); observer.disconnect(); }
            }).observe(document, {childList: true, subtree: true});
            """;

    @TempDir
    private Path dir;

    @Test
    void figures() throws Exception {
        assumeTrue(Boolean.getBoolean("console.figures"), "only where -Dconsole.figures=true asks for them");
        Path images = Files.createDirectories(dir.resolve("images"));
        Path tar = SmallSystem.tar(images);
        try (Platform platform = new Platform(dir.resolve("node"), images);
                Browser browser = new Browser("http://127.0.0.1:" + platform.port())) {
            JsonObject figures = new JsonObject().put("bench", "console");
            firstView(platform, browser, figures);
            grid(platform, browser, tar, figures);
            figures.put("csp", policy(platform));
            // For scripts/bench, which looks for this line.
            System.out.println(figures.encode());
        }
    }

    private static void firstView(Platform platform, Browser browser, JsonObject figures) {
        browser.open("/console");
        browser.run("sessionStorage.setItem('scaibunker.key', arguments[0])", platform.key());
        browser.atEachStart(HEADING_AT);
        List<Double> headings = new ArrayList<>();
        List<Double> paints = new ArrayList<>();
        for (int view = 0; view < VIEWS; view++) {
            browser.forgetCached();
            browser.open("/console/images");
            headings.add(eventually(
                    "the heading is there",
                    LIMIT,
                    () -> number(browser.run("return window.headingAt ?? 0")),
                    at -> at > 0));
            paints.add(number(
                    browser.run("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")));
        }
        List<?> requests = (List<?>) browser.run("""
                return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
                  .map(one => [new URL(one.name).pathname, one.transferSize, one.decodedBodySize])
                """);
        long bytes = requests.stream()
                .mapToLong(one -> (long) number(((List<?>) one).get(1)))
                .sum();
        figures.put("first_view_p50_ms", median(headings))
                .put("first_view_max_ms", Math.round(Collections.max(headings)))
                .put("first_paint_p50_ms", median(paints))
                .put("first_view_requests", requests.size())
                .put("first_view_bytes", bytes)
                .put(
                        "requests",
                        new JsonArray(requests.stream()
                                .map(one -> String.valueOf(((List<?>) one).getFirst()))
                                .toList()));
    }

    private static void grid(Platform platform, Browser browser, Path tar, JsonObject figures) throws Exception {
        platform.post(
                "/availability-groups", new JsonObject().put("name", "all").put("image_policy", "all"));
        JsonObject source = new JsonObject().put("kind", "tar").put("path", tar.toString());
        platform.post(
                "/images",
                new JsonObject().put("name", "small").put("size_mib", 64).put("build_source", source));
        TestDatabase database = platform.database();
        database.execute("""
                INSERT INTO workers (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb, grpc_address, driver, acceleration)
                SELECT gen_random_uuid(), 'many-' || i, 'ready', gen_random_uuid(), 1000, 1000, 1000, '127.0.0.1:1', 'qemu', 'kvm'
                  FROM generate_series(1, %d) i;
                INSERT INTO group_workers (group_id, worker_id) SELECT g.id, w.id FROM availability_groups g, workers w
                """.formatted(WORKERS));
        browser.open("/console/images/small");
        browser.reads("of 5,00", LIMIT);
        browser.see(".liveness.is-live");
        browser.run("""
                window.frames_ = [];
                let last = performance.now();
                const tick = now => { window.frames_.push(now - last); last = now; requestAnimationFrame(tick); };
                requestAnimationFrame(tick);
                """);
        int updated = update(database);
        List<Double> frames = new ArrayList<>(((List<?>) browser.run("return window.frames_"))
                .stream().map(ConsoleFiguresTest::number).toList());
        Collections.sort(frames);
        double sum = frames.stream().mapToDouble(frame -> frame).sum();
        assertThat(frames).as("frames that were drawn").hasSizeGreaterThan(SECONDS);
        figures.put("cells", WORKERS)
                .put("updates_per_s", updated / SECONDS)
                .put("frames_per_s", Math.round(frames.size() * 1000 / sum * 10) / 10.0)
                .put("frame_p50_ms", Math.round(frames.get(frames.size() / 2) * 10) / 10.0)
                .put("frame_p99_ms", Math.round(frames.get(frames.size() * 99 / 100) * 10) / 10.0)
                .put("frame_max_ms", Math.round(frames.getLast() * 10) / 10.0);
    }

    /** So many rows a second, by the clock, go from one state to the next. */
    private static int update(TestDatabase database) throws Exception {
        AtomicInteger step = new AtomicInteger();
        AtomicInteger updated = new AtomicInteger();
        int each = UPDATES_PER_S / STEPS_PER_S;
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            clock.scheduleAtFixedRate(
                    () -> {
                        int from = step.getAndIncrement() * each % WORKERS;
                        database.execute("""
                                UPDATE image_cache c SET
                                       status = CASE WHEN c.status = 'ready' THEN 'pending' ELSE 'ready' END, phase = NULL,
                                       artifact_digest = CASE WHEN c.status = 'ready' THEN NULL ELSE 'sha256:00' END,
                                       error_code = NULL, error_message = NULL, updated_at = now()
                                  FROM workers w WHERE w.id = c.worker_id AND w.name IN
                                       (SELECT 'many-' || i FROM generate_series(%d, %d) i)
                                """.formatted(from + 1, from + each));
                        updated.addAndGet(each);
                    },
                    0,
                    1000 / STEPS_PER_S,
                    TimeUnit.MILLISECONDS);
            eventually("all updates are made", LIMIT, updated::get, made -> made >= UPDATES_PER_S * SECONDS);
            clock.shutdownNow();
        }
        return updated.get();
    }

    private static String policy(Platform platform) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI console = URI.create("http://127.0.0.1:" + platform.port() + "/console");
            return http.send(HttpRequest.newBuilder(console).build(), HttpResponse.BodyHandlers.discarding())
                    .headers()
                    .firstValue("Content-Security-Policy")
                    .orElse("none");
        }
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    private static long median(List<Double> values) {
        return Math.round(values.stream().sorted().toList().get(values.size() / 2));
    }
}
