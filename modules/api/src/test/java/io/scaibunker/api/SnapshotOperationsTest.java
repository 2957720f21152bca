package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SnapshotOperationsTest {
    private static final String SNAPSHOTS = BASE + "/snapshots";

    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi(Map.of("api.snapshots-max", "4"));
        api.startScheduler();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static RunningApi.Answered ask(String bunker) {
        return api.post(BASE + "/bunkers/" + bunker + "/snapshot", api.superKey, new JsonObject());
    }

    private static void is(String snapshot, String change) {
        api.rows.execute("UPDATE snapshots SET " + change + " WHERE id = '" + snapshot.substring(4) + "'");
    }

    private static void isReady(String snapshot) {
        is(snapshot, "status = 'ready', size_bytes = 7, digest = 'sha256:" + "4".repeat(64) + "'");
    }

    private static RunningApi.Answered register(String key, String name, String snapshot) {
        JsonObject source = new JsonObject().put("kind", "snapshot").put("snapshot_id", snapshot);
        return api.post(BASE + "/images", key, RunningApi.image(name).put("build_source", source));
    }

    @Test
    void fromAskingToTheImageAndBack() {
        World world = new World(api);
        api.rows.execute("DELETE FROM snapshots");
        RunningApi.Answered asked = ask(world.bunker);
        assertThat(asked.status()).isEqualTo(202);
        String snapshot = asked.data().getString("id");
        assertThat(asked.data().getString("status")).isEqualTo("pending");
        assertThat(asked.data().getString("bunker_id")).isEqualTo(world.bunker);
        assertThat(asked.data().getString("image_id")).isEqualTo(world.image);
        assertThat(ask(world.bunker).code()).isEqualTo("WRONG_STATE");
        assertThat(register(api.superKey, "early", snapshot).code()).isEqualTo("WRONG_STATE");
        isReady(snapshot);

        String image = register(api.superKey, "made", snapshot).data().getString("id");
        assertThat(api.get(BASE + "/images/" + image, api.superKey).data().getJsonObject("build_source"))
                .isEqualTo(new JsonObject().put("kind", "snapshot").put("snapshot_id", snapshot));
        assertThat(api.delete(SNAPSHOTS + "/" + snapshot, api.superKey).code()).isEqualTo("WRONG_STATE");
        api.post(BASE + "/images/" + image + "/deactivate", api.superKey, new JsonObject());
        for (int times = 0; times < 2; times++) {
            RunningApi.Answered gone = api.delete(SNAPSHOTS + "/" + snapshot, api.superKey);
            assertThat(gone.status()).isEqualTo(200);
            assertThat(gone.data().getString("status")).isEqualTo("deleted");
        }
        assertThat(register(api.superKey, "late", snapshot).code()).isEqualTo("WRONG_STATE");
        assertThat(api.get(SNAPSHOTS + "?bunker=" + world.bunker, api.superKey)
                        .json()
                        .getJsonArray("data"))
                .isEmpty();
    }

    @Test
    void aTenantHasAsManyAsItMayAndABunkerMustLive() {
        World world = new World(api);
        api.rows.execute("DELETE FROM snapshots");
        for (int made = 0; made < 4; made++) {
            isReady(ask(world.bunker).data().getString("id"));
        }
        RunningApi.Answered refused = ask(world.bunker);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.code()).isEqualTo("SNAPSHOT_LIMIT_REACHED");
        api.rows.execute("UPDATE snapshots SET status = 'failed', error_code = 'INTERNAL'");
        api.rows.execute("UPDATE bunkers SET intent = 'end'");
        assertThat(ask(world.bunker).code()).isEqualTo("WRONG_STATE");
    }

    @Test
    void aDeleteWithASnapshotLeavesTheBunkerUntilThatIsReady() {
        World world = new World(api);
        api.rows.execute("DELETE FROM snapshots");
        String path = BASE + "/bunkers/" + world.bunker;
        JsonObject first = api.delete(path + "?snapshot=true", api.superKey).data();
        JsonObject again = api.delete(path + "?snapshot=true", api.superKey).data();
        assertThat(first.getString("snapshot_id")).startsWith("snp_").isEqualTo(again.getString("snapshot_id"));
        assertThat(first.getString("intent")).isEqualTo("run");
        assertThat(api.get(SNAPSHOTS + "/" + first.getString("snapshot_id"), api.superKey)
                        .data()
                        .getBoolean("ends_bunker"))
                .isTrue();
        // Who does not want to wait for it ends the bunker at once.
        JsonObject plain = api.delete(path + "?snapshot=false", api.superKey).data();
        assertThat(plain.getString("intent")).isEqualTo("end");
        assertThat(plain.containsKey("snapshot_id")).isFalse();
    }

    @Test
    void othersOfTheTenantSeeOnlyTheirOwnAndMakeImagesOfNoOther() {
        World world = new World(api);
        String home = api.get("/v1/tenants", api.superKey)
                .json()
                .getJsonArray("data")
                .getJsonObject(0)
                .getString("id");
        String colleague = api.key(home, "tenant_user", "scaibunker:images:manage");
        assertThat(api.get(SNAPSHOTS + "/" + world.snapshot, colleague).code()).isEqualTo("SNAPSHOT_NOT_FOUND");
        assertThat(api.get(SNAPSHOTS, colleague).json().getJsonArray("data")).isEmpty();
        assertThat(register(colleague, "taken", world.snapshot).code()).isEqualTo("SNAPSHOT_NOT_FOUND");
        String viewer = api.key(home, "tenant_viewer");
        assertThat(api.get(SNAPSHOTS + "/" + world.snapshot, viewer).status()).isEqualTo(200);
        assertThat(api.call("DELETE", SNAPSHOTS + "/" + world.snapshot, viewer, Optional.empty(), Map.of())
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
    }
}
