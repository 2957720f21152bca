package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.api.SseReader.Told;
import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a watcher is told, by real HTTP, of real changes of rows. */
class WatchTest {
    private static final Logger LOG = LoggerFactory.getLogger(WatchTest.class);
    private static final String DIGEST = "sha256:" + "d".repeat(64);
    private static RunningApi api;
    private static int made;

    private String name;
    private ImageId image;
    private WorkerId one;
    private WorkerId two;

    @BeforeAll
    static void start() {
        api = new RunningApi(Map.of("api.watch-beat", "200ms"));
        api.startScheduler();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @BeforeEach
    void twoCopies() {
        name = "watched" + ++made;
        one = api.worker("one-" + made);
        two = api.worker("two-" + made);
        image = ImageId.parse(api.register(name, api.superKey));
        api.rows.execute(
                "INSERT INTO image_cache (image_id, worker_id) SELECT '%s', id FROM workers WHERE id IN ('%s', '%s')"
                        .formatted(image.value(), one.value(), two.value()));
    }

    private String path() {
        return BASE + "/images/" + image + "/events";
    }

    private SseReader watch(String... headers) {
        return SseReader.open(api, path(), api.superKey, headers);
    }

    private void set(WorkerId worker, String what) {
        api.rows.execute("UPDATE image_cache SET " + what + " WHERE image_id = '" + image.value()
                + "' AND worker_id = '" + worker.value() + "'");
    }

    private void phase(WorkerId worker, String phase) {
        set(worker, "status = 'building', phase = '" + phase + "'");
    }

    private static String phase(Told told) {
        return told.data().getString("phase");
    }

    @Test
    void theSnapshotComesFirstThenEachChangeInOrder() {
        try (SseReader watcher = watch()) {
            Told snapshot = watcher.next();
            assertThat(snapshot.event()).isEqualTo("snapshot");
            assertThat(snapshot.id()).isPresent();
            assertThat(snapshot.data().getJsonArray("rows")).hasSize(2);
            assertThat(snapshot.data().getJsonObject("summary").getInteger("pending"))
                    .isEqualTo(2);
            assertThat(snapshot.data()
                            .getJsonObject("image")
                            .getJsonObject("readiness")
                            .getInteger("targeted"))
                    .isEqualTo(2);

            for (String phase : List.of("resolving", "fetching", "baking", "verifying")) {
                phase(one, phase);
            }
            set(one, "status = 'ready', phase = NULL, artifact_digest = '" + DIGEST + "'");
            api.rows.execute("UPDATE scans SET status = 'skipped' WHERE image_id = '" + image.value() + "'");
            api.post(BASE + "/images/" + image + "/deactivate", api.superKey, new JsonObject());

            List<Told> told = watcher.next(8);
            assertThat(told.stream().map(Told::event))
                    .startsWith("cache", "cache", "cache", "cache", "cache", "scan")
                    .contains("image");
            assertThat(told.subList(0, 5).stream().map(WatchTest::phase))
                    .containsExactly("resolving", "fetching", "baking", "verifying", null);
            assertThat(told.get(4).data().getInteger("percent")).isEqualTo(100);
            assertThat(told.get(4).data().getString("worker_id")).isEqualTo(one.toString());
            assertThat(ids(told)).isSorted().doesNotHaveDuplicates();
        }
    }

    private static List<Long> ids(List<Told> told) {
        return told.stream().map(one -> one.id().orElseThrow()).toList();
    }

    @Test
    void whatWasMissedComesByTheLastIdAndNothingTwice() {
        List<Told> all = new ArrayList<>();
        long last;
        try (SseReader watcher = watch()) {
            last = watcher.next().id().orElseThrow();
            phase(one, "resolving");
            all.addAll(watcher.next(1));
        }
        for (int i = 0; i < 300; i++) {
            phase(i % 2 == 0 ? one : two, i % 4 < 2 ? "fetching" : "baking");
        }
        try (SseReader watcher = watch("Last-Event-ID: " + all.getLast().id().orElseThrow())) {
            all.addAll(watcher.next(150));
        }
        try (SseReader watcher = SseReader.open(
                api, path() + "?last_event_id=" + all.getLast().id().orElseThrow(), api.superKey)) {
            phase(one, "verifying");
            all.addAll(watcher.next(151));
        }
        assertThat(phase(all.getLast())).isEqualTo("verifying");
        assertThat(ids(all)).isSorted().isEqualTo(idsBehind(last));
    }

    private List<Long> idsBehind(long last) {
        return api
                .rows
                .rows("SELECT id FROM events WHERE subject = '" + image.value() + "' AND id > " + last + " ORDER BY id")
                .stream()
                .map(row -> (Long) row.get("id"))
                .toList();
    }

    @Test
    void aChangeThatCommitsLateIsToldBeforeThoseThatBeganAfterIt() {
        try (SseReader watcher = watch()) {
            watcher.next();
            Promise<Void> commit = Promise.promise();
            Promise<Void> written = Promise.promise();
            var late = api.database.inTransaction(sql -> sql.query(
                            "UPDATE image_cache SET status = 'building', phase = 'resolving' WHERE worker_id = '"
                                    + one.value() + "'")
                    .execute()
                    .onSuccess(done -> written.complete())
                    .compose(done -> commit.future()));
            RunningApi.get(written.future());
            phase(two, "fetching");
            commit.complete();
            RunningApi.get(late);

            assertThat(watcher.next(2).stream().map(WatchTest::phase)).containsExactly("resolving", "fetching");
        }
    }

    @Test
    void aTransactionThatIsRolledBackHoldsNobodyUp() {
        try (SseReader watcher = watch()) {
            watcher.next();
            RunningApi.get(api.database
                    .inTransaction(sql -> sql.query("UPDATE image_cache SET status = 'building' WHERE worker_id = '"
                                    + one.value() + "'")
                            .execute()
                            .compose(done -> io.vertx.core.Future.failedFuture(new IllegalStateException("no"))))
                    .otherwiseEmpty());
            phase(two, "fetching");

            assertThat(phase(watcher.next())).isEqualTo("fetching");
        }
    }

    @Test
    void aLogThatDoesNotReachBackOrANumberOfNobodyGetsASnapshot() {
        for (String id : List.of("0", "999999999999", "-7", "x", "99999999999999999999999")) {
            if (id.equals("0")) {
                api.rows.execute("DELETE FROM events WHERE id = (SELECT min(id) FROM events)");
            }
            try (SseReader watcher = watch("Last-Event-ID: " + id)) {
                assertThat(watcher.next().event()).as(id).isEqualTo("snapshot");
            }
        }
    }

    @Test
    void aRevokedKeyEndsTheStreamAtOnceAndOthersGoOn() {
        String tenant = api.tenant("watchers" + made, "watchers" + made);
        String admin = api.key(tenant, "tenant_admin");
        String other = api.key(tenant, "tenant_admin");
        String own = api.register("own" + made, admin);
        String path = BASE + "/images/" + own + "/events";
        try (SseReader revoked = SseReader.open(api, path, admin);
                SseReader stays = SseReader.open(api, path, other)) {
            revoked.next("snapshot");
            stays.next("snapshot");
            JsonArray keys = api.get("/v1/api-keys?limit=1", admin).json().getJsonArray("data");
            assertThat(api.delete("/v1/api-keys/" + keys.getJsonObject(0).getString("id"), admin)
                            .status())
                    .isEqualTo(200);

            Told end = revoked.next();
            assertThat(end.event()).isEqualTo("end");
            assertThat(end.data().getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
            revoked.awaitEnd();
            api.post(BASE + "/images/" + own + "/deactivate", other, new JsonObject());
            assertThat(stays.next().event()).isEqualTo("image");
        }
    }

    @Test
    void aKeyThatExpiresEndsTheStream() {
        String shortLived = api.post(
                        "/v1/api-keys",
                        api.superKey,
                        new JsonObject().put("name", "short").put("expires_in_s", 1))
                .data()
                .getString("key");
        try (SseReader watcher = SseReader.open(api, path(), shortLived)) {
            assertThat(watcher.next("end").data().getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
        }
    }

    @Test
    void whoMayNotSeeAThingMayNotWatchIt() {
        String stranger = api.key(api.tenant("strange" + made, "strange" + made), "tenant_admin");
        var refused = api.get(path(), stranger);
        assertThat(refused.status()).isEqualTo(404);
        assertThat(refused.code()).isEqualTo("IMAGE_NOT_FOUND");
        assertThat(api.get(path(), "").code()).isEqualTo("AUTH_TOKEN_MISSING");
        assertThat(api.get(path() + "?last_event_id=x", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
        assertThat(api.get(BASE + "/images/nobody/events", api.superKey).code()).isEqualTo("IMAGE_NOT_FOUND");
    }

    @Test
    void commentsComeWhileNothingHappens() {
        try (SseReader watcher = watch()) {
            watcher.next();
            eventually(() -> {
                phase(one, made++ % 2 == 0 ? "resolving" : "fetching");
                watcher.next();
                assertThat(watcher.comments()).isPositive();
            });
        }
    }

    @Test
    void progressComesBetweenAndNeverGoesBack() {
        Post post = new Post(api.vertx);
        phase(one, "fetching");
        try (SseReader watcher = watch()) {
            watcher.next();
            List<Integer> percents = new ArrayList<>();
            for (CachePhase phase : List.of(
                    CachePhase.RESOLVING,
                    CachePhase.FETCHING,
                    CachePhase.FETCHING,
                    CachePhase.BAKING,
                    CachePhase.VERIFYING)) {
                for (long done : new long[] {0, 500, 400, 1000}) {
                    post.publish(new News.CopyProgressed(one, image, 1, phase, done, 1000, 100, "registry"));
                    Told told = watcher.next("progress");
                    percents.add(told.data().getInteger("percent"));
                    assertThat(told.id()).isEmpty();
                    assertThat(row("percent")).isEqualTo(percents.getLast());
                }
            }
            assertThat(percents).isSorted().allMatch(percent -> percent < 100);
            assertThat(percents.getLast()).isGreaterThan(90);
            set(one, "status = 'ready', phase = NULL, artifact_digest = '" + DIGEST + "'");
            assertThat(watcher.next("cache").data().getInteger("percent")).isEqualTo(100);
            assertThat(row("percent")).isEqualTo(100);
        }
    }

    private Object row(String field) {
        return api.get(BASE + "/images/" + image + "/cache", api.superKey).json().getJsonArray("data").stream()
                .map(JsonObject.class::cast)
                .filter(row -> row.getString("worker_id").equals(one.toString()))
                .findFirst()
                .orElseThrow()
                .getValue(field);
    }

    @Test
    void aBunkerIsWatchedUntilItsEnd() {
        String bunker = api.post(BASE + "/bunkers", api.superKey, new JsonObject().put("image", name))
                .data()
                .getString("id");
        try (SseReader watcher = SseReader.open(api, BASE + "/bunkers/" + bunker + "/events", api.superKey)) {
            assertThat(watcher.next().data().getJsonObject("bunker").getString("status"))
                    .isEqualTo("pending");
            api.rows.execute("UPDATE bunkers SET status = 'running', started_at = now() WHERE status = 'pending'");
            assertThat(watcher.next().data().getString("status")).isEqualTo("running");
            api.delete(BASE + "/bunkers/" + bunker, api.superKey);
            assertThat(watcher.next().data().getString("intent")).isEqualTo("end");
        }
    }

    @Test
    void whoGoesAwayLeavesHisPlaceToAnother() {
        try (RunningApi small = new RunningApi(Map.of("api.watchers", "1", "api.watch-beat", "50ms"))) {
            String path = BASE + "/images/" + small.register("only", small.superKey) + "/events";
            try (SseReader first = SseReader.open(small, path, small.superKey)) {
                first.next();
                assertThat(small.get(path, small.superKey).code()).isEqualTo("SERVICE_UNAVAILABLE");
            }
            eventually(() ->
                    assertThat(SseReader.statusOf(small, path, small.superKey)).isEqualTo(200));
        }
    }

    @Test
    void whoDoesNotReadIsCutOffAndLosesNothing() {
        try (RunningApi small = new RunningApi(Map.of("api.watchers", "1"))) {
            String own = small.register("slow", small.superKey);
            String path = BASE + "/images/" + own + "/events";
            long last;
            try (SseReader sleeper = SseReader.open(small, path, small.superKey)) {
                last = sleeper.next().id().orElseThrow();
                // More than sockets and queues hold: 2,400 changes of 20 kB each.
                small.rows.execute("""
                        DO $$ BEGIN
                            FOR i IN 1..2400 LOOP
                                UPDATE scans SET status = 'failed', reason = 'INTERNAL', message = repeat('x', 20000),
                                       generation = i + 1;
                            END LOOP;
                        END $$
                        """);
                eventually(() -> assertThat(SseReader.statusOf(small, path, small.superKey))
                        .isEqualTo(200));
                sleeper.awaitEnd();
            }
            List<Long> all =
                    LongStream.rangeClosed(last + 1, last + 2400).boxed().toList();
            try (SseReader again = SseReader.open(small, path, small.superKey, "Last-Event-ID: " + last)) {
                assertThat(ids(again.next(all.size()))).isEqualTo(all);
            }
        }
    }

    @Test
    void aChangeReachesAWatcherSoon() {
        int rounds = 200;
        try (SseReader watcher = watch()) {
            watcher.next();
            long[] nanos = new long[rounds];
            for (int i = 0; i < rounds; i++) {
                phase(one, i % 2 == 0 ? "resolving" : "fetching");
                long committed = System.nanoTime();
                watcher.next();
                nanos[i] = System.nanoTime() - committed;
            }
            Arrays.sort(nanos);
            LOG.info("change → watcher: p50 {} ms, p99 {} ms", nanos[rounds / 2] / 1e6, nanos[rounds * 99 / 100] / 1e6);
            assertThat(nanos[rounds * 9 / 10]).isLessThan(1_000_000_000L);
        }
    }
}
