package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Inventories;
import io.scaibunker.vulns.InventoryBuilder;
import io.scaibunker.vulns.InventoryJson;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One of everything that operations name, made fresh by the super administrator, in the default tenant. */
final class World {
    private static int made;

    final int number = ++made;
    final String image;
    final String secondImage;
    final WorkerId worker;
    final WorkerId secondWorker;
    final String group;
    final String bunker;
    final String snapshot;
    final String tenant;
    final String user;
    final String key;
    final String quota;

    World(RunningApi api) {
        String owner = api.superKey;
        worker = api.worker("w" + number);
        secondWorker = api.worker("v" + number);
        image = api.register("image" + number, owner);
        scanned(api);
        secondImage = api.post(
                        BASE + "/images",
                        owner,
                        RunningApi.image("second" + number).put("scope", "tenant"))
                .data()
                .getString("id");
        group = id(api, BASE + "/availability-groups", new JsonObject().put("name", "group" + number));
        api.post(BASE + "/availability-groups/" + group + "/images", owner, list("image_ids", image));
        api.post(BASE + "/availability-groups/" + group + "/workers", owner, list("worker_ids", worker.toString()));
        bunker = id(api, BASE + "/bunkers", new JsonObject().put("image", image));
        api.rows.execute("UPDATE bunkers SET status = 'running', started_at = now() WHERE status = 'pending'");
        snapshot = api.post(BASE + "/bunkers/" + bunker + "/snapshot", owner, new JsonObject())
                .data()
                .getString("id");
        api.rows.execute("UPDATE snapshots SET status = 'ready', digest = 'sha256:" + "3".repeat(64)
                + "', size_bytes = 1 WHERE status = 'pending'");
        api.rows.execute("UPDATE workers SET status = 'lost' WHERE id = '" + secondWorker.value() + "'");
        tenant = id(api, "/v1/tenants", new JsonObject().put("name", "tenant" + number));
        user = id(
                api, "/v1/users", new JsonObject().put("name", "user" + number).put("role", "tenant_user"));
        key = id(api, "/v1/api-keys", new JsonObject().put("name", "key").put("user_id", user));
        quota = id(
                api,
                BASE + "/quota-profiles",
                new JsonObject()
                        .put("name", "quota" + number)
                        .put("bucket", "tenant")
                        .put("tenant_id", tenant)
                        .put("caps", new JsonObject().put("bunkers", 7)));
        api.call(
                "PUT",
                BASE + "/registry-credentials/registry.example",
                owner,
                Optional.of("{\"token\":\"t\"}"),
                Map.of());
    }

    /** The image was baked, and what it holds is known. */
    private void scanned(RunningApi api) {
        Digest artifact = new Digest("sha256:" + String.format("%064x", number));
        RunningApi.get(Artifacts.record(
                api.database.client(),
                ImageId.parse(image),
                WorkerId.fresh(),
                new Artifacts.Artifact("walk" + number, artifact, artifact, 1, 1, 1)));
        try {
            byte[] packed = InventoryJson.pack(new InventoryBuilder().build());
            RunningApi.get(Inventories.keep(api.database.client(), artifact, packed));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String id(RunningApi api, String path, JsonObject body) {
        RunningApi.Answered answered = api.post(path, api.superKey, body);
        if (answered.status() != 201) {
            throw new IllegalStateException(path + ": " + answered.json().encode());
        }
        return answered.data().getString("id");
    }

    static JsonObject list(String field, String... ids) {
        return new JsonObject().put(field, new JsonArray(List.of(ids)));
    }
}
