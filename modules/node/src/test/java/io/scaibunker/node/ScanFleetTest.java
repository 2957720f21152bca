package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scans from a registration to the verdict, with a worker in another process, and what happens when advisories change. */
class ScanFleetTest {
    private static final Duration SCAN = Duration.ofSeconds(90);

    /** What Debian 12 had on its first day, and the version that repaired it. */
    private static final String OLD = "7.88.1-10";

    private static final String REPAIRED = "7.88.1-10+deb12u4";

    @TempDir
    Path dir;

    private Path images;
    private Path advisories;
    private Fleet fleet;

    @BeforeEach
    void start() throws Exception {
        images = Files.createDirectories(dir.resolve("images"));
        advisories = Files.createDirectories(dir.resolve("advisories"));
        advise("CVE-2023-38545", "curl", REPAIRED, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        fleet = new Fleet(dir, images, Map.of("scanner.database-dir", advisories.toString()));
        fleet.startWorker("one");
        fleet.group("one");
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    @Test
    void anImageIsJudgedByWhatItHoldsAndAgainWhenAdvisoriesChange() throws Exception {
        fleet.registerTar("old", debian("old", OLD), 16);
        fleet.registerTar("repaired", debian("repaired", REPAIRED), 16);
        awaitScan("old", "failed", "FINDINGS");
        awaitScan("repaired", "passed", null);

        JsonObject scan = fleet.get("/images/old/scan").data();
        JsonObject finding = scan.getJsonArray("findings").getJsonObject(0);
        assertThat(finding.getString("id")).isEqualTo("CVE-2023-38545");
        assertThat(finding.getString("package")).isEqualTo("libcurl4");
        assertThat(finding.getString("source")).isEqualTo("curl");
        assertThat(finding.getString("fixed")).isEqualTo(REPAIRED);
        assertThat(finding.getString("severity")).isEqualTo("critical");
        assertThat(scan.getJsonObject("counts").getInteger("critical")).isEqualTo(1);
        assertThat(scan.getJsonObject("coverage").getBoolean("complete")).isTrue();
        assertThat(scan.getJsonArray("database").getJsonObject(0).getInteger("records"))
                .isEqualTo(1);

        JsonObject diff = fleet.get("/images/old/scan?diff=repaired").data().getJsonObject("diff");
        assertThat(diff.getJsonArray("only_here")).hasSize(1);
        assertThat(diff.getJsonArray("only_there")).isEmpty();

        JsonObject bill = fleet.get("/images/old/sbom").data();
        assertThat(bill.getString("bomFormat")).isEqualTo("CycloneDX");
        assertThat(bill.getJsonArray("components").encode())
                .contains("pkg:deb/debian/libcurl4@7.88.1-10?distro=debian-12&upstream=curl%407.88.1-10");

        assertThat(carriers("CVE-2023-38545")).containsExactly("old");
        JsonArray workers = fleet.get("/vulnerabilities?id=CVE-2023-38545")
                .list()
                .getJsonObject(0)
                .getJsonArray("workers");
        assertThat(workers.getJsonObject(0).getString("worker_name")).isEqualTo("one");

        // Nobody asks for a scan, and the worker is not there to be asked: what is stored is enough.
        fleet.node("one").kill();
        advise("CVE-2024-9681", "curl", "7.88.1-10+deb12u9", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
        awaitScan("repaired", "failed", "FINDINGS");
        assertThat(carriers("CVE-2024-9681")).containsExactly("old", "repaired");
        assertThat(fleet.get("/images/old/scan").data().getJsonArray("findings"))
                .hasSize(2);
    }

    @Test
    void whatNobodyHasAdvisoriesForDoesNotPass() throws Exception {
        Path tree = Files.createDirectories(dir.resolve("npm/app/node_modules/left-pad"));
        Files.writeString(tree.resolve("package.json"), "{\"name\":\"left-pad\",\"version\":\"1.0.0\"}");
        fleet.registerTar("npm", tar("npm", dir.resolve("npm")), 16);
        awaitScan("npm", "failed", "DB_MISSING");
        fleet.registerTar("empty", tar("empty", Files.createDirectories(dir.resolve("empty/etc"))), 16);
        awaitScan("empty", "skipped", null);
        fleet.post(
                        "/images",
                        new JsonObject()
                                .put("name", "gone")
                                .put("size_mib", 16)
                                .put(
                                        "build_source",
                                        new JsonObject()
                                                .put("kind", "tar")
                                                .put(
                                                        "path",
                                                        images.resolve("gone.tar")
                                                                .toString())))
                .data();
        awaitScan("gone", "failed", "SOURCE_NOT_FOUND");
    }

    private void awaitScan(String image, String status, String reason) {
        eventually(
                "the scan of " + image,
                SCAN,
                () -> fleet.get("/images/" + image + "/scan").data(),
                scan -> status.equals(scan.getString("scan_status"))
                        && (reason == null || reason.equals(scan.getString("scan_reason"))));
    }

    private List<String> carriers(String vulnerability) {
        return fleet.get("/vulnerabilities?id=" + vulnerability).list().stream()
                .map(row -> ((JsonObject) row).getString("image_name"))
                .sorted()
                .toList();
    }

    private Path debian(String name, String curl) throws Exception {
        Path tree = dir.resolve(name);
        Files.createDirectories(tree.resolve("var/lib/dpkg"));
        Files.createDirectories(tree.resolve("usr/lib"));
        Files.createDirectories(tree.resolve("etc"));
        Files.writeString(tree.resolve("usr/lib/os-release"), "ID=debian\nVERSION_ID=\"12\"\n");
        Files.createSymbolicLink(tree.resolve("etc/os-release"), Path.of("../usr/lib/os-release"));
        Files.writeString(tree.resolve("var/lib/dpkg/status"), """
                Package: libcurl4
                Status: install ok installed
                Source: curl
                Version: %s

                Package: tzdata
                Status: install ok installed
                Version: 2024a-0+deb12u1
                """.formatted(curl));
        return tar(name, tree);
    }

    private Path tar(String name, Path tree) throws Exception {
        Path tar = images.resolve(name + ".tar");
        Process process = new ProcessBuilder("tar", "-C", tree.toString(), "-cf", tar.toString(), ".")
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
        return tar;
    }

    /** As operators are to do it: beside, then renamed. */
    private void advise(String id, String source, String fixed, String vector) throws IOException {
        Path folder = Files.createDirectories(advisories.resolve("Debian"));
        Path beside = Files.writeString(advisories.resolve("beside"), """
                {"id":"DEBIAN-%1$s","modified":"2026-01-01T00:00:00Z","upstream":["%1$s"],
                 "severity":[{"type":"CVSS_V3","score":"%4$s"}],
                 "affected":[{"package":{"ecosystem":"Debian:12","name":"%2$s"},
                  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"%3$s"}]}]}]}
                """.formatted(id, source, fixed, vector));
        Files.move(beside, folder.resolve(id + ".json"), StandardCopyOption.ATOMIC_MOVE);
    }
}
