package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.testkit.Eventually;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CopyProgressTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private final CopyProgress progress = new CopyProgress(now::get);

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

    private static JsonObject row(RunningApi api) {
        return api.get(BASE + "/images/image/cache", api.superKey)
                .json()
                .getJsonArray("data")
                .getJsonObject(0);
    }
}
