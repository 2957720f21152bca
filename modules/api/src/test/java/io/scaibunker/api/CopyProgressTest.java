package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.testkit.Eventually;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CopyProgressTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private final CopyProgress progress =
            new CopyProgress(now::get, new Feeders(now::get, () -> Future.succeededFuture(Map.of())));

    private static News.CopyProgressed news(WorkerId worker, ImageId image, long generation, long done) {
        return new News.CopyProgressed(worker, image, generation, CachePhase.FETCHING, done, 1000, 100, "registry");
    }

    @Test
    void onlyTheGenerationOfTheRowCounts() {
        WorkerId worker = WorkerId.fresh();
        ImageId image = ImageId.fresh();
        progress.hear(news(worker, image, 2, 10));

        assertThat(progress.of(image, worker, 2)).isPresent();
        assertThat(progress.of(image, worker, 3)).isEmpty();
    }

    /** What another worker gives is finished: most of the way is its coming; of what a bake reads it is the smaller part. */
    @Test
    void howFarAFetchIsDependsOnWhoGives() {
        ImageId image = ImageId.fresh();
        for (String source : List.of("registry", "tar", "snapshot")) {
            assertThat(percentFrom(image, source)).isLessThan(45);
        }
        assertThat(percentFrom(image, WorkerId.fresh().toString())).isBetween(90, 97);
        // Not known yet which one.
        assertThat(percentFrom(image, "peer")).isBetween(90, 97);
    }

    private int percentFrom(ImageId image, String source) {
        return progress.hear(new News.CopyProgressed(
                        WorkerId.fresh(), image, 1, CachePhase.FETCHING, 990, 1000, 100, source))
                .percent();
    }

    @Test
    void whatWasHeardLongAgoIsForgotten() {
        WorkerId worker = WorkerId.fresh();
        ImageId image = ImageId.fresh();
        progress.hear(news(worker, image, 1, 10));
        now.set(Instant.EPOCH.plus(CopyProgress.FORGOTTEN_AFTER).plus(Duration.ofSeconds(1)));

        assertThat(progress.of(image, worker, 1)).isEmpty();
        progress.hear(news(WorkerId.fresh(), image, 1, 10));
        assertThat(progress.size()).isEqualTo(1);
    }

    @Test
    void tooMuchIsForgottenFromTheEldestOn() {
        ImageId image = ImageId.fresh();
        WorkerId eldest = WorkerId.fresh();
        progress.hear(news(eldest, image, 1, 1));
        for (int i = 0; i < CopyProgress.COPIES_MAX; i++) {
            progress.hear(news(WorkerId.fresh(), image, 1, 1));
        }

        assertThat(progress.size()).isEqualTo(CopyProgress.COPIES_MAX);
        assertThat(progress.of(image, eldest, 1)).isEmpty();
    }

    @Test
    void theCacheShowsBytesWhileBuildingAndNeverAllBeforeReady() {
        try (RunningApi api = new RunningApi()) {
            WorkerId worker = api.worker("w");
            String group = api.post(
                            BASE + "/availability-groups",
                            api.superKey,
                            new JsonObject().put("name", "g").put("image_policy", "all"))
                    .data()
                    .getString("id");
            api.post(
                    BASE + "/availability-groups/" + group + "/workers",
                    api.superKey,
                    World.list("worker_ids", worker.toString()));
            ImageId image = ImageId.parse(api.register("image", api.superKey));
            api.rows.execute("UPDATE image_cache SET status = 'building', phase = 'fetching'");

            new Post(api.vertx).publish(news(worker, image, 1, 1000));

            Eventually.eventually(() -> {
                JsonObject row = row(api);
                assertThat(row.getLong("bytes_done")).isEqualTo(999);
                assertThat(row.getLong("bytes_total")).isEqualTo(1000);
                assertThat(row.getLong("eta_s")).isEqualTo(1);
                assertThat(row.getString("source")).isEqualTo("registry");
            });
            String digest = "sha256:" + "a".repeat(64);
            api.rows.execute("INSERT INTO artifacts VALUES ('f', '" + digest + "', '" + digest
                    + "', 5000, 4000, 7, gen_random_uuid())");
            api.rows.execute(
                    "UPDATE image_cache SET status = 'ready', phase = NULL, artifact_digest = '" + digest + "'");
            assertThat(row(api).getLong("bytes_done"))
                    .isEqualTo(row(api).getLong("bytes_total"))
                    .isEqualTo(4000);
            api.rows.execute("UPDATE image_cache SET status = 'failed', artifact_digest = NULL,"
                    + " error_code = 'SOURCE_AUTH', error_message = 'no'");
            assertThat(row(api).getJsonObject("error").getString("code")).isEqualTo("SOURCE_AUTH");
        }
    }

    @Test
    void whoFeedsWhomIsToldByNameToWhoMayListWorkersAndNotToOthers() {
        try (RunningApi api = new RunningApi()) {
            WorkerId feeder = api.worker("feeder");
            WorkerId fed = api.worker("fed");
            String group = api.post(
                            BASE + "/availability-groups",
                            api.superKey,
                            new JsonObject().put("name", "g").put("image_policy", "all"))
                    .data()
                    .getString("id");
            api.post(
                    BASE + "/availability-groups/" + group + "/workers",
                    api.superKey,
                    World.list("worker_ids", fed.toString()));
            JsonObject registered = api.post(BASE + "/images", api.superKey, RunningApi.image("image"))
                    .data();
            ImageId image = ImageId.parse(registered.getString("id"));
            String user = api.key(registered.getString("tenant_id"), "tenant_user");
            api.rows.execute("UPDATE image_cache SET status = 'building', phase = 'fetching'");
            Post post = new Post(api.vertx);

            JsonObject moving = Eventually.eventually(
                    "the feeder is known",
                    Duration.ofSeconds(20),
                    () -> {
                        post.publish(new News.CopyProgressed(
                                fed, image, 1, CachePhase.FETCHING, 500, 1000, 100, feeder.toString()));
                        JsonArray all =
                                api.get(BASE + "/fleet", api.superKey).data().getJsonArray("moving");
                        return all.getJsonObject(0);
                    },
                    copy -> feeder.toString().equals(copy.getString("source")));
            assertThat(moving.getString("source_name")).isEqualTo("feeder");
            assertThat(moving.getString("worker_name")).isEqualTo("fed");
            assertThat(moving.getInteger("percent")).isEqualTo(49);
            assertThat(row(api, api.superKey).getString("source_name")).isEqualTo("feeder");

            assertThat(row(api, user).getString("source")).isEqualTo("peer");
            assertThat(row(api, user).getValue("source_name")).isNull();
            try (SseReader watcher = SseReader.open(api, BASE + "/images/" + image + "/events", user)) {
                watcher.next();
                post.publish(
                        new News.CopyProgressed(fed, image, 1, CachePhase.FETCHING, 600, 1000, 100, feeder.toString()));
                assertThat(watcher.next("progress").data().getString("source")).isEqualTo("peer");
            }
        }
    }

    private static JsonObject row(RunningApi api) {
        return row(api, api.superKey);
    }

    private static JsonObject row(RunningApi api, String key) {
        return api.get(BASE + "/images/image/cache", key)
                .json()
                .getJsonArray("data")
                .getJsonObject(0);
    }
}
