package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.vulns.Inventory.Gap;
import io.scaibunker.vulns.LocalScan.Form;
import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.NothingToScan;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.cyclonedx.Version;
import org.cyclonedx.parsers.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
    private static final Instant NOW = Instant.parse("2024-05-03T00:00:00Z");

    @TempDir
    Path folder;

    private Inventory inventory(String version) {
        return new Inventory(
                new OperatingSystem("debian", "12", "Debian"),
                List.of(
                        MatcherTest.deb("libssl3", version, "openssl", version),
                        MatcherTest.deb("openssl", version, "openssl", version)),
                List.of(),
                List.of("a note with \u001b[31m in it"));
    }

    private ScanReport scan(Inventory inventory) throws IOException {
        AdvisoriesTest.write(
                folder,
                "Debian",
                AdvisoriesTest.record(
                        "DEBIAN-CVE-2024-1",
                        "Debian:12",
                        "openssl",
                        MatcherTest.fixedIn("3.0.11-1") + ",\"ecosystem_specific\":{\"urgency\":\"high\"}",
                        "\"upstream\":[\"CVE-2024-1\"]"));
        return new LocalScan(new BuiltinScanner(new AdvisoryDatabase(folder)), Policy.DEFAULT, InstantSource.fixed(NOW))
                .scan(inventory);
    }

    @Test
    void aReportIsJsonOfTheAgreedShape() throws IOException {
        ScanReport report = scan(inventory("3.0.9-1"));
        JsonNode json = new ObjectMapper().readTree(write(report, Form.JSON));
        assertThat(json.fieldNames())
                .toIterable()
                .contains("status", "reason", "scanner", "database", "coverage", "counts", "findings");
        assertThat(json.path("status").asText()).isEqualTo("failed");
        assertThat(json.path("reason").asText()).isEqualTo("FINDINGS");
        assertThat(json.path("database").path(0).path("records").asInt()).isEqualTo(1);
        assertThat(json.path("database").path(0).path("age_days").asInt()).isEqualTo(2);
        assertThat(json.path("counts").path("high").asInt()).isEqualTo(1);
        assertThat(json.path("coverage").path("complete").asBoolean()).isTrue();
        assertThat(new ObjectMapper().writeValueAsString(json.path("findings")))
                .isEqualTo(
                        "[{\"id\":\"CVE-2024-1\",\"aliases\":[\"DEBIAN-CVE-2024-1\"],\"ecosystem\":\"Debian:12\",\"package\":\"libssl3\",\"source\":\"openssl\","
                                + "\"installed\":\"3.0.9-1\",\"fixed\":\"3.0.11-1\",\"severity\":\"high\",\"severity_source\":\"debian-urgency\",\"vector\":null,\"path\":\"var/lib/dpkg/status\"}]");
    }

    @Test
    void exitCodesTellFindingsFromNotKnowing() throws IOException {
        assertThat(scan(inventory("3.0.11-1")).exitCode()).isZero();
        assertThat(scan(inventory("3.0.9-1")).exitCode()).isEqualTo(1);
        Inventory open = new Inventory(null, List.of(), List.of(new Gap(ScanReason.RPMDB_FORMAT, "x", "y")), List.of());
        assertThat(scan(open).exitCode()).isEqualTo(2);
        assertThat(ScanReport.of(new Broken("x", ScanReason.TIMEOUT, "y"), Policy.DEFAULT, NOW)
                        .exitCode())
                .isEqualTo(2);
        assertThat(ScanReport.of(new NothingToScan("y"), Policy.DEFAULT, NOW).exitCode())
                .isZero();
    }

    @Test
    void aVerdictCannotBePutOnAnotherScan() {
        Policy policy = Policy.DEFAULT;
        Verdict skipped = Verdict.of(new NothingToScan("y"), policy, NOW);
        assertThatThrownBy(() -> new ScanReport(new Broken("x", ScanReason.TIMEOUT, "y"), skipped, policy, NOW))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aMissingDatabaseIsNoCleanImage() {
        ScanOutcome outcome = new BuiltinScanner(new AdvisoryDatabase(folder.resolve("nowhere"))).scan(inventory("1"));
        Verdict verdict = Verdict.of(outcome, Policy.DEFAULT, NOW);
        assertThat(verdict.status()).isEqualTo(Verdict.Status.FAILED);
        assertThat(verdict.reason()).isEqualTo(ScanReason.DB_MISSING);
    }

    @Test
    void theEndOfADistributionIsSaidOnceItHasCome() throws IOException {
        for (String day : List.of("2024-06-30", "2024-07-01")) {
            var scanned = new ScanOutcome.Scanned(
                    "x",
                    List.of(VerdictTest.database(10, 1)),
                    new Coverage(1, new java.util.TreeMap<>(java.util.Map.of("Debian:10", 1)), List.of()),
                    List.of(),
                    List.of());
            ScanReport report = ScanReport.of(scanned, Policy.DEFAULT, java.time.Instant.parse(day + "T12:00:00Z"));
            assertThat(write(report, Form.JSON).contains("came to its end on 2024-06-30"))
                    .isEqualTo(day.endsWith("01"));
        }
    }

    @Test
    void theTableIsForPeopleAndTakesNoOrdersFromImages() throws IOException {
        String table = write(scan(inventory("3.0.9-1")), Form.TABLE);
        assertThat(table.lines().toList())
                .contains(
                        "SEVERITY  ID          PACKAGE  INSTALLED  FIXED     ECOSYSTEM",
                        "high      CVE-2024-1  openssl  3.0.9-1    3.0.11-1  Debian:12",
                        "FAILED FINDINGS: 1 of 1 vulnerabilities are high or worse",
                        "advisories: Debian 1 records, 2 days old, Debian/all.zip",
                        "note: a note with ?[31m in it");
    }

    @Test
    void sarifSaysWhenNothingWasProven() throws IOException {
        JsonNode run = new ObjectMapper()
                .readTree(write(scan(inventory("3.0.9-1")), Form.SARIF))
                .path("runs")
                .path(0);
        assertThat(run.path("results").path(0).path("ruleId").asText()).isEqualTo("CVE-2024-1");
        assertThat(run.path("results").path(0).path("level").asText()).isEqualTo("error");
        assertThat(run.path("invocations").path(0).path("executionSuccessful").asBoolean())
                .isTrue();
        ScanReport broken = ScanReport.of(new Broken("x", ScanReason.TIMEOUT, "y"), Policy.DEFAULT, NOW);
        JsonNode invocation = new ObjectMapper()
                .readTree(write(broken, Form.SARIF))
                .path("runs")
                .path(0)
                .path("invocations")
                .path(0);
        assertThat(invocation.path("executionSuccessful").asBoolean(true)).isFalse();
        assertThat(invocation
                        .path("toolExecutionNotifications")
                        .path(0)
                        .path("message")
                        .path("text")
                        .asText())
                .contains("TIMEOUT");
    }

    @Test
    void theBillOfMaterialsIsWhatCycloneDxReads() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BillOfMaterials.write(inventory("3.0.9-1+b1"), "an image", out);
        JsonParser parser = new JsonParser();
        assertThat(parser.validate(out.toByteArray(), Version.VERSION_16)).isEmpty();
        assertThat(parser.parse(out.toByteArray()).getComponents())
                .hasSize(3)
                .filteredOn(one -> one.getPurl() != null)
                .allSatisfy(one -> assertThat(new com.github.packageurl.PackageURL(one.getPurl()).getVersion())
                        .isEqualTo("3.0.9-1+b1"));
    }

    @Test
    void anInventoryIsKeptAndComesBackAsItWas() throws IOException {
        Inventory whole = new Inventory(
                inventory("1").system(),
                inventory("1").components(),
                List.of(new Gap(ScanReason.TOO_LARGE, "p", "t")),
                List.of("n"));
        for (Inventory inventory : List.of(whole, new Inventory(null, List.of(), List.of(), List.of()))) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            InventoryJson.write(inventory, out);
            assertThat(InventoryJson.read(new ByteArrayInputStream(out.toByteArray())))
                    .isEqualTo(inventory);
            for (int length = 0; length < out.size(); length++) {
                byte[] cut = java.util.Arrays.copyOf(out.toByteArray(), length);
                assertThatThrownBy(() -> InventoryJson.read(new ByteArrayInputStream(cut)))
                        .isInstanceOf(IOException.class);
            }
        }
    }

    private static String write(ScanReport report, Form form) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LocalScan.write(report, form, out);
        return out.toString(StandardCharsets.UTF_8);
    }
}
