package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Findings;
import io.scaibunker.store.Inventories;
import io.scaibunker.store.Scans;
import io.scaibunker.vulns.InventoryBuilder;
import io.scaibunker.vulns.InventoryJson;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ScanOperationsTest {
    private static RunningApi api;
    private static int made;

    @BeforeAll
    static void start() {
        api = new RunningApi();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void findingsComeInPagesTheWorstFirst() throws Exception {
        String image = scanned("CVE-1 low", "CVE-2 critical", "CVE-3 high", "CVE-4 high", "CVE-5 unknown");
        List<String> seen = new ArrayList<>();
        String cursor = "";
        do {
            var page = api.get(BASE + "/images/" + image + "/scan?limit=2" + cursor, api.superKey);
            page.data().getJsonArray("findings").forEach(one -> seen.add(((JsonObject) one).getString("id")));
            String next = page.json().getString("next_cursor");
            assertThat(page.json().getBoolean("has_more")).isEqualTo(next != null);
            cursor = next == null ? "" : "&cursor=" + next;
        } while (!cursor.isEmpty());
        assertThat(seen).containsExactly("CVE-2", "CVE-3", "CVE-4", "CVE-1", "CVE-5");
        assertThat(api.get(BASE + "/images/" + image + "/scan?severity=high", api.superKey)
                        .data()
                        .getJsonArray("findings"))
                .hasSize(2);
        for (String wrong : List.of("severity=terrible", "cursor=eA", "limit=0")) {
            assertThat(api.get(BASE + "/images/" + image + "/scan?" + wrong, api.superKey)
                            .code())
                    .as(wrong)
                    .isEqualTo("VALIDATION_ERROR");
        }
    }

    @Test
    void theAgeOfWhatIsKnownIsThatOfToday() throws Exception {
        JsonObject scan =
                api.get(BASE + "/images/" + scanned() + "/scan", api.superKey).data();
        JsonObject database = scan.getJsonArray("database").getJsonObject(0);
        assertThat(database.getInteger("age_days")).isGreaterThan(300);
        assertThat(scan.getJsonObject("counts").getInteger("fixable")).isZero();
        assertThat(scan.getString("scan_status")).isEqualTo("passed");
    }

    @Test
    void whileAScanIsPendingTheVerdictBeforeAndItsFindingsAreSeen() throws Exception {
        String image = scanned("CVE-1 low");
        api.post(BASE + "/images/" + image + "/scan", api.superKey, new JsonObject());
        JsonObject scan =
                api.get(BASE + "/images/" + image + "/scan", api.superKey).data();
        assertThat(scan.getString("scan_status")).isEqualTo("pending");
        assertThat(scan.getValue("counts")).isNull();
        assertThat(scan.getJsonObject("previous").getString("status")).isEqualTo("passed");
        assertThat(scan.getJsonObject("previous").getJsonArray("database")).hasSize(1);
        assertThat(scan.getJsonArray("findings")).hasSize(1);
    }

    @Test
    void twoImagesAreComparedOnlyWhenBothWereLookedAt() throws Exception {
        String one = scanned("CVE-1 low", "CVE-2 low");
        String other = scanned("CVE-2 low", "CVE-3 low");
        JsonObject diff = api.get(BASE + "/images/" + one + "/scan?diff=" + other, api.superKey)
                .data()
                .getJsonObject("diff");
        assertThat(diff.getJsonArray("only_here").getJsonObject(0).getString("id"))
                .isEqualTo("CVE-1");
        assertThat(diff.getJsonArray("only_there").getJsonObject(0).getString("id"))
                .isEqualTo("CVE-3");
        String unscanned = api.register("unscanned", api.superKey);
        assertThat(api.get(BASE + "/images/" + one + "/scan?diff=" + unscanned, api.superKey)
                        .code())
                .isEqualTo("WRONG_STATE");
        assertThat(api.get(BASE + "/images/" + one + "/scan?diff=nobody", api.superKey)
                        .code())
                .isEqualTo("IMAGE_NOT_FOUND");
    }

    @Test
    void theBillOfMaterialsIsGivenAloneToThoseWhoAskForOne() throws Exception {
        String path = BASE + "/images/" + scanned() + "/sbom";
        JsonObject inside = api.get(path, api.superKey).data();
        var alone = api.call(
                "GET", path, api.superKey, Optional.empty(), Map.of("Accept", "application/vnd.cyclonedx+json"));
        assertThat(alone.whole().headers().firstValue("Content-Type")).contains("application/vnd.cyclonedx+json");
        assertThat(alone.json()).isEqualTo(inside);
        assertThat(inside.getString("specVersion")).isEqualTo("1.6");
        assertThat(inside.getJsonArray("components").encode()).contains("pkg:npm/left-pad@1.0.0");

        String unbaked = api.register("unbaked", api.superKey);
        var refused = api.call(
                "GET",
                BASE + "/images/" + unbaked + "/sbom",
                api.superKey,
                Optional.empty(),
                Map.of("Accept", "application/vnd.cyclonedx+json"));
        assertThat(refused.code()).isEqualTo("WRONG_STATE");
    }

    @Test
    void aVulnerabilityNamesItsImagesAndTheBunkersThatRunFromThem() throws Exception {
        String image = scanned("CVE-2024-99 high");
        api.rows.execute("""
                INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, cpu_millicores, memory_mb, disk_mb,
                       status, started_at)
                SELECT gen_random_uuid(), i.tenant_id, i.created_by, 'carrier', i.id, gen_random_uuid(), 1, 1, 1,
                       'running', now() FROM images i WHERE i.id = '%s'
                """.formatted(ImageId.parse(image).value()));
        var carriers = api.get(BASE + "/vulnerabilities?id=CVE-2024-99", api.superKey);
        JsonObject row = carriers.json().getJsonArray("data").getJsonObject(0);
        assertThat(row.getString("image_id")).isEqualTo(image);
        assertThat(row.getJsonArray("bunkers").getJsonObject(0).getString("bunker_name"))
                .isEqualTo("carrier");
        JsonObject finding = row.getJsonArray("findings").getJsonObject(0);
        assertThat(finding.getString("fixed")).isEqualTo("2");
        assertThat(finding.getString("since")).endsWith("Z");
        assertThat(api.get(BASE + "/vulnerabilities?id=CVE-1999-1", api.superKey)
                        .json()
                        .getJsonArray("data"))
                .isEmpty();
        assertThat(api.get(BASE + "/vulnerabilities", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
        assertThat(api.get(BASE + "/vulnerabilities?id=%27%20OR", api.superKey).code())
                .isEqualTo("VALIDATION_ERROR");
    }

    /** An image of which these were found. */
    private static String scanned(String... findings) throws Exception {
        int number = ++made;
        String image = api.register("scan" + number, api.superKey);
        Digest artifact = new Digest("sha256:" + String.format("%064x", number));
        Artifacts.Artifact baked = new Artifacts.Artifact("scan" + number, artifact, artifact, 1, 1, 1);
        RunningApi.get(Artifacts.record(api.database.client(), ImageId.parse(image), baked));
        InventoryBuilder inventory = new InventoryBuilder();
        byte[] content = "{\"name\":\"left-pad\",\"version\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8);
        inventory.offer("node_modules/left-pad/package.json", content.length, new ByteArrayInputStream(content));
        RunningApi.get(Inventories.keep(api.database.client(), artifact, InventoryJson.pack(inventory.build())));
        RunningApi.get(Findings.replace(api.database.client(), artifact, rows(findings)));
        JsonObject report = new JsonObject("""
                {"database":[{"ecosystem":"npm","source":"npm/all.zip","records":1,"withdrawn":0,"unreadable":0,
                 "newest":"2025-01-01T00:00:00Z","age_days":0}],"coverage":{"complete":true},"counts":{"fixable":0}}
                """);
        var claim = new Scans.Claim(ImageId.parse(image), 1, 1, false, Optional.of(artifact), Optional.empty());
        RunningApi.get(Scans.claim(api.database.client(), IncarnationId.fresh(), Duration.ofMinutes(1), 99));
        RunningApi.get(Scans.settle(
                api.database.client(),
                claim,
                new Scans.Verdict(ScanStatus.PASSED, null, "fine", "test", new Scans.Ground("b", report, "d"), null)));
        return image;
    }

    private static JsonArray rows(String... findings) {
        JsonArray rows = new JsonArray();
        for (String finding : findings) {
            String[] parts = finding.split(" ");
            rows.add(new JsonObject()
                    .put("id", parts[0])
                    .put("aliases", new JsonArray())
                    .put("ecosystem", "npm")
                    .put("package", "left-pad")
                    .put("source", "left-pad")
                    .put("installed", "1.0.0")
                    .put("fixed", "2")
                    .put("severity", parts[1])
                    .put("severity_source", "test")
                    .put("path", "x"));
        }
        return rows;
    }
}
