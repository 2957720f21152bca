package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.WorkerId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
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
}
