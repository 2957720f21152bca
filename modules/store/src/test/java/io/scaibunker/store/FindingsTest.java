package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.TenantId;
import io.scaibunker.store.Findings.Found;
import io.scaibunker.store.Findings.Place;
import io.scaibunker.testkit.Seeds.Owner;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FindingsTest extends StoreFixture {
    private static final Digest OLD = new Digest("sha256:" + "1".repeat(64));
    private static final Digest NEW = new Digest("sha256:" + "2".repeat(64));

    @BeforeEach
    void inventories() {
        Inventories.keep(sql, OLD, new byte[] {1}).await();
        Inventories.keep(sql, NEW, new byte[] {1}).await();
    }

    @Test
    void pagesHaveTheWorstFirstAndLoseNone() {
        JsonArray all = new JsonArray();
        for (String severity : List.of("low", "critical", "unknown", "high", "high")) {
            all.add(finding("CVE-" + all.size(), "openssl", severity));
        }
        Findings.replace(sql, OLD, all).await();
        List<String> seen = new ArrayList<>();
        Optional<Place> after = Optional.empty();
        do {
            List<Found> page = Findings.of(sql, OLD, Optional.empty(), after, 2).await();
            page.forEach(found -> seen.add(found.severity() + " " + found.id()));
            after = page.isEmpty()
                    ? Optional.empty()
                    : Optional.of(page.getLast()).map(last -> new Place(last.severity(), last.id(), last.key()));
        } while (after.isPresent());
        assertThat(seen).containsExactly("critical CVE-1", "high CVE-3", "high CVE-4", "low CVE-0", "unknown CVE-2");
        assertThat(Findings.of(sql, OLD, Optional.of("high"), Optional.empty(), 9)
                        .await())
                .hasSize(2);
        JsonObject shown = Findings.of(sql, OLD, Optional.of("low"), Optional.empty(), 9)
                .await()
                .getFirst()
                .shown();
        assertThat(shown.getString("since")).endsWith("Z");
        shown.remove("since");
        assertThat(shown).isEqualTo(all.getJsonObject(0));
    }

    @Test
    void whatIsFoundAgainKeepsItsDateAndWhatIsNotIsGone() {
        Findings.replace(sql, OLD, array(finding("CVE-1", "a", "low"), finding("CVE-2", "a", "low")))
                .await();
        run("UPDATE findings SET since = '2020-01-01'", Map.of());
        Findings.replace(sql, OLD, array(finding("CVE-2", "a", "high"), finding("CVE-3", "a", "low")))
                .await();
        assertThat(Findings.of(sql, OLD, Optional.empty(), Optional.empty(), 9).await())
                .extracting(found -> found.id() + " " + found.severity() + " "
                        + found.shown().getString("since").startsWith("2020"))
                .containsExactly("CVE-2 high true", "CVE-3 low false");
    }

    @Test
    void twoArtifactsDifferByWhatOnlyOneHas() {
        Findings.replace(sql, OLD, array(finding("CVE-1", "a", "low"), finding("CVE-2", "a", "low")))
                .await();
        Findings.replace(sql, NEW, array(finding("CVE-2", "a", "low"), finding("CVE-2", "b", "low")))
                .await();
        assertThat(Findings.onlyIn(sql, OLD, NEW, 9).await())
                .extracting(Found::id)
                .containsExactly("CVE-1");
        assertThat(Findings.onlyIn(sql, NEW, OLD, 9).await())
                .extracting(found -> found.shown().getString("source"))
                .containsExactly("b");
    }

    @Test
    void imagesAreFoundByAnyNameOfAVulnerabilityByThoseWhoSeeThem() {
        Owner owner = seeds.owner();
        ImageId image = scanned(owner);
        Findings.replace(sql, OLD, array(finding("CVE-1", "a", "low"))).await();
        Viewer viewer = Viewer.ofTenant(new TenantId(owner.tenant()), new PartnerId(owner.partner()));
        for (String name : List.of("CVE-1", "DEBIAN-CVE-1")) {
            assertThat(Findings.carriers(sql, viewer, name, Optional.empty(), 9).await())
                    .singleElement()
                    .returns(image, Findings.Carrier::imageId)
                    .returns(OLD, Findings.Carrier::artifact)
                    .satisfies(carrier -> assertThat(carrier.findings()).hasSize(1));
        }
        assertThat(Findings.carriers(sql, viewer, "CVE", Optional.empty(), 9).await())
                .isEmpty();
        Owner other = seeds.owner();
        Viewer stranger = Viewer.ofTenant(new TenantId(other.tenant()), new PartnerId(other.partner()));
        assertThat(Findings.carriers(sql, stranger, "CVE-1", Optional.empty(), 9)
                        .await())
                .isEmpty();
    }

    private ImageId scanned(Owner owner) {
        ImageId image = image(seeds.image(owner));
        Artifacts.record(sql, image, new Artifacts.Artifact("f", OLD, OLD, 1, 1, 1))
                .await();
        var claim = Scans.claim(sql, IncarnationId.fresh(), Duration.ofMinutes(1), 1)
                .await()
                .getFirst();
        var ground = new Scans.Ground("1", new JsonObject(), "d");
        Scans.settle(sql, claim, new Scans.Verdict(ScanStatus.PASSED, null, null, "x", ground, null))
                .await();
        return image;
    }

    private static JsonArray array(JsonObject... findings) {
        return new JsonArray(List.of(findings));
    }

    private static JsonObject finding(String id, String source, String severity) {
        return new JsonObject()
                .put("id", id)
                .put("aliases", new JsonArray().add("DEBIAN-" + id))
                .put("ecosystem", "Debian:12")
                .put("package", "lib" + source)
                .put("source", source)
                .put("installed", "1")
                .put("fixed", (Object) null)
                .put("severity", severity)
                .put("severity_source", "test")
                .put("vector", "x")
                .put("path", "var/lib/dpkg/status");
    }
}
