package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.testkit.Eventually;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AvailabilityTest {
    @Test
    void aDatabaseThatIsAwayIs503AndComesBackByItself() {
        try (RunningApi api = new RunningApi()) {
            assertThat(api.get("/health/ready", "")
                            .data()
                            .getJsonObject("checks")
                            .fieldNames())
                    .containsExactlyInAnyOrder("database", "rooms");

            api.rows.refuseConnections(true);

            RunningApi.Answered answered = api.get(BASE + "/images", api.superKey);
            assertThat(answered.code()).as(answered.json().encode()).isEqualTo("SERVICE_UNAVAILABLE");
            assertThat(answered.status()).isEqualTo(503);
            assertThat(answered.json().getJsonObject("error").getInteger("retry_after"))
                    .isPositive();
            RunningApi.Answered ready = api.get("/health/ready", "");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.json().encode()).contains("database").doesNotContain("rooms");
            assertThat(api.get("/health", "").status()).isEqualTo(200);

            api.rows.refuseConnections(false);

            Eventually.eventually(() ->
                    assertThat(api.get(BASE + "/images", api.superKey).status()).isEqualTo(200));
        }
    }

    @Test
    void aSchedulerThatIsAwayIs503AndPlacesNothing() {
        try (RunningApi api = new RunningApi()) {
            api.worker("w");
            api.register("image", api.superKey);

            RunningApi.Answered answered =
                    api.post(BASE + "/bunkers", api.superKey, new JsonObject().put("image", "image"));

            assertThat(answered.code()).isEqualTo("SERVICE_UNAVAILABLE");
            assertThat(answered.status()).isEqualTo(503);
        }
    }

    @Test
    void pagesHoldEveryRowOnceAlsoWhileRowsCome() {
        try (RunningApi api = new RunningApi()) {
            api.rows.execute("""
                    INSERT INTO images (id, name, scope, tenant_id, partner_id, created_by, build_source, size_mib,
                           default_cpu_millicores, default_memory_mb, default_disk_mb)
                    SELECT gen_random_uuid(), 'image-' || n, 'tenant', u.tenant_id, t.partner_id, u.id, '{"kind":"oci"}', 64,
                           1000, 512, 1024
                      FROM generate_series(1, 250) n, users u JOIN tenants t ON t.id = u.tenant_id
                    """);
            Set<String> seen = new HashSet<>();
            String cursor = "";
            int pages = 0;
            do {
                JsonObject page = api.get(BASE + "/images?limit=60" + cursor, api.superKey)
                        .json();
                List<String> ids = page.getJsonArray("data").stream()
                        .map(row -> ((JsonObject) row).getString("id"))
                        .toList();
                assertThat(seen).doesNotContainAnyElementsOf(ids);
                seen.addAll(ids);
                pages++;
                api.register("late-" + pages, api.superKey);
                String next = page.getString("next_cursor");
                assertThat(page.getBoolean("has_more")).isEqualTo(next != null);
                cursor = next == null ? "" : "&cursor=" + next;
            } while (!cursor.isEmpty());

            assertThat(seen).hasSizeGreaterThanOrEqualTo(250);
            assertThat(pages).isEqualTo(5);
            assertThat(api.get(BASE + "/images", api.superKey).json().getJsonArray("data"))
                    .hasSize(100);
        }
    }
}
