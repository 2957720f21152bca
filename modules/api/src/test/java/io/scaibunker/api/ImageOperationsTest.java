package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Nudge;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ImageOperationsTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void registeringTargetsTheWorkersOfTheGroupsAtOnce() {
        String admin = api.key(api.tenant("spread", "spread"), "tenant_admin");
        WorkerId worker = api.worker("spread-1");
        String group = api.post(
                        BASE + "/availability-groups",
                        admin,
                        new JsonObject().put("name", "all").put("image_policy", "all"))
                .data()
                .getString("id");
        api.post(
                BASE + "/availability-groups/" + group + "/workers",
                admin,
                new JsonObject().put("worker_ids", new JsonArray().add(worker.toString())));

        var registered = api.post(BASE + "/images", admin, RunningApi.image("spread"));

        assertThat(registered.status()).as(registered.json().encode()).isEqualTo(201);
        assertThat(registered.data().getJsonObject("warm").getInteger("queued")).isEqualTo(1);
        var cache = api.get(BASE + "/images/spread/cache", admin);
        assertThat(cache.json().getJsonArray("data")).hasSize(1);
        assertThat(cache.json().getJsonArray("data").getJsonObject(0).getString("status"))
                .isEqualTo("pending");
        assertThat(cache.json().getJsonObject("meta").getJsonObject("summary").getInteger("pending"))
                .isEqualTo(1);
    }

    @Test
    void theLayersOfAnImageAreToldAndWhichOfThemWereThereBefore() {
        String tenant = api.tenant("layers", "layers");
        String admin = api.key(tenant, "tenant_admin");
        ImageId image = ImageId.parse(api.register("layers", admin));
        assertThat(api.get(BASE + "/images/layers", admin).data().getValue("artifact"))
                .isNull();
        Digest digest = new Digest("sha256:" + "e".repeat(64));
        RunningApi.get(Artifacts.record(
                api.database.client(),
                image,
                WorkerId.fresh(),
                new Artifacts.Artifact("e", digest, digest, 64, 32, 7)));
        JsonObject untold = api.get(BASE + "/images/layers", admin).data().getJsonObject("artifact");
        assertThat(untold.getValue("segments", "?")).isNull();

        RunningApi.get(Artifacts.layOut(
                api.database.client(),
                "e",
                digest,
                new Artifacts.Layout(
                        List.of(
                                new Artifacts.Segment(Optional.of(digest), 8192, 4096, true, 0),
                                new Artifacts.Segment(Optional.empty(), 4096, 0, false, 0)),
                        5)));

        JsonObject artifact = api.get(BASE + "/images/layers", admin).data().getJsonObject("artifact");
        assertThat(artifact.getInteger("segments_more")).isEqualTo(5);
        assertThat(artifact.getJsonArray("segments"))
                .containsExactly(
                        new JsonObject()
                                .put("diff_id", digest.text())
                                .put("bytes", 8192)
                                .put("hidden_bytes", 4096)
                                .put("reused", true)
                                .put("shared_with", 0),
                        new JsonObject()
                                .putNull("diff_id")
                                .put("bytes", 4096)
                                .put("hidden_bytes", 0)
                                .put("reused", false)
                                .put("shared_with", 0));
        JsonObject listed = api.get(BASE + "/images?name=layers", admin)
                .json()
                .getJsonArray("data")
                .getJsonObject(0);
        assertThat(listed.getJsonObject("artifact").containsKey("segments")).isFalse();
    }

    @Test
    void aDryRunTellsWhatWouldHappenAndKeepsNothing() {
        String admin = api.key(api.tenant("rehearsal", "rehearsal"), "tenant_admin");
        WorkerId worker = api.worker("rehearsal-1");
        String group = api.post(
                        BASE + "/availability-groups",
                        admin,
                        new JsonObject().put("name", "all").put("image_policy", "all"))
                .data()
                .getString("id");
        api.post(
                BASE + "/availability-groups/" + group + "/workers",
                admin,
                new JsonObject().put("worker_ids", new JsonArray().add(worker.toString())));
        JsonObject wish = RunningApi.image("rehearsed");

        var told = api.post(BASE + "/images?dry_run=true", admin, wish);
        assertThat(told.status()).as(told.json().encode()).isEqualTo(200);
        assertThat(told.data().getJsonObject("source").getString("digest")).isEqualTo(RunningApi.SEEN.text());
        assertThat(told.data().getJsonObject("source").getInteger("size_bytes")).isEqualTo(3 << 20);
        assertThat(told.data().getJsonObject("cap").getString("verdict")).isEqualTo("likely_fits");
        assertThat(told.data().getJsonObject("warm").getInteger("queued")).isEqualTo(1);
        assertThat(told.data().getJsonArray("workers").getJsonObject(0).getString("worker_id"))
                .isEqualTo(worker.toString());
        assertThat(api.get(BASE + "/images?name=rehearsed", admin).json().getJsonArray("data"))
                .isEmpty();
        assertThat(api.get(BASE + "/images/rehearsed", admin).status()).isEqualTo(404);

        var tight = api.post(BASE + "/images?dry_run=true", admin, wish.copy().put("size_mib", 8));
        assertThat(tight.data().getJsonObject("cap").getString("verdict")).isEqualTo("tight");

        var gone = api.post(
                BASE + "/images?dry_run=true",
                admin,
                wish.copy()
                        .put("build_source", new JsonObject().put("kind", "oci").put("ref", "docker.io/nowhere:1")));
        assertThat(gone.status()).isEqualTo(200);
        assertThat(gone.data().getJsonObject("source").getJsonObject("error").getString("code"))
                .isEqualTo("SOURCE_NOT_FOUND");
        assertThat(gone.data().getJsonObject("cap").getString("verdict")).isEqualTo("unknown");

        api.register("rehearsed", admin);
        var taken = api.post(BASE + "/images?dry_run=true", admin, wish);
        assertThat(taken.status()).isEqualTo(409);
        assertThat(taken.json().getJsonObject("error").getString("code")).isEqualTo("IMAGE_NAME_TAKEN");
    }

    @Test
    void theNudgeComesAfterTheCommit() {
        List<Integer> rowsSeen = new CopyOnWriteArrayList<>();
        Promise<Void> seen = Promise.promise();
        api.vertx.eventBus().<Nudge.ImageRegistered>consumer(Nudge.ImageRegistered.ADDRESS, nudge -> {
            rowsSeen.add(api.rows
                    .rows("SELECT 1 FROM images JOIN scans ON image_id = id WHERE id = '"
                            + nudge.body().imageId().value() + "'")
                    .size());
            seen.tryComplete();
        });
        api.register("nudged", api.superKey);

        RunningApi.get(seen.future());
        assertThat(rowsSeen).containsOnly(1);
    }

    @Test
    void deactivatingCancelsWhatIsUnderWayAndKeepsItsWord() {
        WorkerId worker = api.worker("cancel");
        String group = api.post(BASE + "/availability-groups", api.superKey, new JsonObject().put("name", "cancel"))
                .data()
                .getString("id");
        String image = api.register("cancel", api.superKey);
        String path = BASE + "/availability-groups/" + group;
        api.post(path + "/workers", api.superKey, World.list("worker_ids", worker.toString()));
        api.post(path + "/images", api.superKey, World.list("image_ids", image));

        for (int i = 0; i < 2; i++) {
            var answered = api.post(BASE + "/images/" + image + "/deactivate", api.superKey, new JsonObject());
            assertThat(answered.status()).isEqualTo(200);
            assertThat(answered.data().getString("status")).isEqualTo("deactivated");
        }

        assertThat(api.rows.rows("SELECT c.wanted, c.status FROM image_cache c JOIN images ON id = image_id"
                        + " WHERE name = 'cancel'"))
                .containsExactly(Map.of("wanted", false, "status", "evicted"));
        assertThat(api.post(BASE + "/images/" + image + "/warm", api.superKey, new JsonObject())
                        .code())
                .isEqualTo("IMAGE_DEACTIVATED");
        assertThat(api.post(path + "/images", api.superKey, World.list("image_ids", image))
                        .code())
                .isEqualTo("IMAGE_DEACTIVATED");
    }

    @Test
    void aScanAskedAgainKeepsTheVerdictBefore() {
        String image = api.register("scanned", api.superKey);
        String path = BASE + "/images/" + image + "/scan";
        assertThat(api.get(path, api.superKey).data().getString("scan_status")).isEqualTo("pending");
        api.rows.execute("UPDATE scans SET status = 'failed', reason = 'SCANNER_MISSING', finished_at = now()");
        assertThat(api.get(BASE + "/images/scanned", api.superKey).data().getString("scan_reason"))
                .isEqualTo("SCANNER_MISSING");

        JsonObject again = api.post(path, api.superKey, new JsonObject()).data();

        assertThat(again.getString("scan_status")).isEqualTo("pending");
        assertThat(again.getJsonObject("previous").getString("reason")).isEqualTo("SCANNER_MISSING");
    }

    @Test
    void warmAsksForWhatFailedAgain() {
        WorkerId worker = api.worker("warm");
        String group = api.post(BASE + "/availability-groups", api.superKey, new JsonObject().put("name", "warm"))
                .data()
                .getString("id");
        String image = api.register("warm", api.superKey);
        String path = BASE + "/availability-groups/" + group;
        api.post(path + "/workers", api.superKey, World.list("worker_ids", worker.toString()));
        api.post(path + "/images", api.superKey, World.list("image_ids", image));
        api.rows.execute("UPDATE image_cache SET status = 'failed', error_code = 'SOURCE_AUTH', error_message = 'no'"
                + " WHERE worker_id = '" + worker.value() + "'");

        var warmed = api.post(BASE + "/images/warm/warm", api.superKey, new JsonObject());

        assertThat(warmed.status()).isEqualTo(202);
        assertThat(warmed.data().getJsonObject("warm").getInteger("queued")).isEqualTo(1);
    }
}
