package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A bunker that was placed before its copy: what it waits for is seen on it. */
class BunkerCopyTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void whatABunkerWaitsForIsShownUntilItIsThere() {
        World world = new World(api);
        String bunker = api.post(BASE + "/bunkers", api.superKey, new JsonObject().put("image", world.image))
                .data()
                .getString("id");
        String path = BASE + "/bunkers/" + bunker;
        assertThat(api.get(path, api.superKey).data().getJsonObject("copy").getString("status"))
                .isEqualTo("pending");
        api.rows.execute("UPDATE image_cache SET status = 'building', phase = 'fetching'");
        try (SseReader watcher = SseReader.open(api, path + "/events", api.superKey)) {
            assertThat(watcher.next().event()).isEqualTo("snapshot");
            Post post = new Post(api.vertx);
            post.publish(progress(world.image, world.secondWorker, 900));
            post.publish(progress(world.image, world.worker, 250));
            JsonObject told = watcher.next("progress").data();
            assertThat(told.getString("worker_id")).isEqualTo(world.worker.toString());
            assertThat(told.getLong("bytes_done")).isEqualTo(250);
        }
        JsonObject copy = api.get(path, api.superKey).data().getJsonObject("copy");
        assertThat(copy.getString("phase")).isEqualTo("fetching");
        assertThat(copy.getLong("bytes_done")).isEqualTo(250);
        assertThat(copy.getLong("eta_s")).isEqualTo(8);
        api.rows.execute("UPDATE image_cache SET status = 'ready', phase = NULL, artifact_digest = 'sha256:%s'"
                .formatted("1".repeat(64)));
        assertThat(api.get(path, api.superKey).data().getValue("copy")).isNull();
    }

    private static News.CopyProgressed progress(String image, WorkerId worker, long done) {
        return new News.CopyProgressed(
                worker, ImageId.parse(image), 1, CachePhase.FETCHING, done, 1000, 100, "registry");
    }
}
