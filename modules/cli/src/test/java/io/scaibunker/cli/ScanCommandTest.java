package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.scaibunker.layers.TarBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScanCommandTest {
    @TempDir
    private Path place;

    @Test
    void anImageIsScannedAsASourceAndAsABakedFileWithOneResult() throws Exception {
        advise("3.0.11-1");
        var tar = debian("3.0.9-1");
        var ext4 = place.resolve("image.ext4");
        assertThat(Program.run("bake", "--source", "tar:" + tar, "--size-mib", 16, "--out", ext4)
                        .code())
                .isZero();

        var source = scan("--source", "tar:" + tar, "--json");
        var baked = scan("--ext4", ext4, "--json");

        assertThat(source.code()).isEqualTo(1).isEqualTo(baked.code());
        var report = json(source);
        assertThat(report.path("status").asText()).isEqualTo("failed");
        assertThat(report.path("reason").asText()).isEqualTo("FINDINGS");
        assertThat(report.path("findings").path(0).path("id").asText()).isEqualTo("CVE-2024-1");
        for (var same : List.of("status", "text", "coverage", "counts", "findings")) {
            assertThat(json(baked).path(same)).isEqualTo(report.path(same));
        }
        assertThat(scan("--ext4", ext4, "--sarif").out()).contains("\"ruleId\":\"CVE-2024-1\"");
        assertThat(scan("--ext4", ext4).out()).contains("FAILED FINDINGS");
    }

    @Test
    void theExitCodeTellsCleanFromFindingsFromNotKnowing() throws Exception {
        var tar = "tar:" + debian("3.0.9-1");
        assertThat(scan("--source", tar).code()).as("no advisories").isEqualTo(2);
        advise("3.0.11-1");
        assertThat(scan("--source", tar).code()).isEqualTo(1);
        assertThat(scan("--source", tar, "--threshold", "critical").code()).isZero();
        assertThat(scan("--source", tar, "--allow", "CVE-2024-1=2999-01-01").code())
                .isZero();
        assertThat(scan("--source", tar, "--allow", "CVE-2024-1=2020-01-01").code())
                .isEqualTo(1);
        assertThat(scan("--source", tar, "--threshold", "critical", "--max-age", "1")
                        .code())
                .as("old advisories")
                .isEqualTo(2);
        assertThat(scan("--source", "tar:" + debian("3.0.11-1")).code()).isZero();
    }

    @Test
    void whatCannotBeScannedEndsWithTwo() throws Exception {
        var text = Files.writeString(place.resolve("text"), "no image".repeat(1_000));
        for (var wrong : List.of(
                List.of("--ext4", place.resolve("missing")),
                List.of("--ext4", text),
                List.of("--source", "tar:" + text),
                List.of("--source", "tar:" + place.resolve("missing")),
                List.of("--source", "registry.invalid/image:1"),
                List.of("--source", "tar:" + text, "--ext4", text),
                List.of("--ext4", text, "--engine", "trivy"),
                List.of())) {
            var ended = scan(wrong.toArray());
            assertThat(ended.code()).as("%s: %s", wrong, ended.err()).isEqualTo(2);
            assertThat(ended.err()).as("%s", wrong).isNotBlank();
        }
    }

    @Test
    void anotherEngineThatIsMissingIsNotReplaced() throws Exception {
        advise("3.0.11-1");
        var ended = scan(
                "--source",
                "tar:" + debian("3.0.11-1"),
                "--engine",
                "grype",
                "--cache",
                place,
                "--program",
                "no-such-program",
                "--json");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(json(ended).path("reason").asText()).isEqualTo("SCANNER_MISSING");
    }

    @Test
    void whatAnImageHoldsIsWrittenAsABill() throws Exception {
        advise("3.0.11-1");
        var bill = place.resolve("bill.json");
        scan("--source", "tar:" + debian("3.0.11-1"), "--sbom", bill);
        assertThat(Files.readString(bill)).contains("\"bomFormat\":\"CycloneDX\"", "pkg:deb/debian/openssl@3.0.11-1");
    }

    @Test
    void advisoriesAreFetchedOnceAndCheckedBeforeTheyTakeTheOldOnesPlace() throws Exception {
        var archive = new byte[][] {zip(3)};
        var announced = new String[] {sum(archive[0])};
        var sent = new AtomicInteger();
        var bucket = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        bucket.createContext("/osv/Debian/all.zip", exchange -> {
            var tag = "\"" + announced[0] + "\"";
            if (tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
                exchange.sendResponseHeaders(304, -1);
            } else {
                sent.incrementAndGet();
                exchange.getResponseHeaders().add("ETag", tag);
                exchange.getResponseHeaders().add("x-goog-hash", "crc32c=" + announced[0]);
                exchange.sendResponseHeaders(200, archive[0].length);
                exchange.getResponseBody().write(archive[0]);
            }
            exchange.close();
        });
        bucket.start();
        try {
            var from = "http://127.0.0.1:" + bucket.getAddress().getPort() + "/osv";
            var first = vulndb("sync", "Debian", "--from", from);
            assertThat(first.code()).as(first.err()).isZero();
            assertThat(first.out()).contains("Debian: 3 records");
            assertThat(vulndb("sync", "--from", from).out()).contains("Debian: unchanged");
            assertThat(sent).hasValue(1);

            var kept = Files.readAllBytes(place.resolve("db/Debian/all.zip"));
            archive[0] = zip(4);
            announced[0] = "AAAAAA==";
            var damaged = vulndb("sync", "--from", from);
            assertThat(damaged.code()).isEqualTo(1);
            assertThat(damaged.err()).contains("DB_CORRUPT");
            assertThat(Files.readAllBytes(place.resolve("db/Debian/all.zip"))).isEqualTo(kept);

            announced[0] = sum(archive[0]);
            assertThat(vulndb("sync", "--from", from).out()).contains("Debian: 4 records");
            assertThat(vulndb("sync", "npm", "--from", from).code()).isEqualTo(1);
        } finally {
            bucket.stop(0);
        }
        var status = json(vulndb("status", "--json"));
        assertThat(status.path("ecosystems").path(0).path("records").asInt()).isEqualTo(4);
        assertThat(status.path("version").asText()).hasSize(32);
    }

    @Test
    void advisoriesAreImportedWithoutANetwork() throws Exception {
        Files.createDirectories(place.resolve("from/Debian"));
        Files.write(place.resolve("from/Debian/all.zip"), zip(2));
        assertThat(vulndb("import", place.resolve("from")).out()).contains("Debian: 2 records");
        assertThat(vulndb("status").out()).contains("Debian: 2 records");
        assertThat(vulndb("import", place.resolve("nowhere")).code()).isEqualTo(1);
        Files.write(place.resolve("from/Debian/all.zip"), new byte[100]);
        assertThat(vulndb("import", place.resolve("from")).code()).isEqualTo(1);
        assertThat(vulndb("status").out()).contains("Debian: 2 records");
    }

    private Program.Ended scan(Object... arguments) {
        return run("scan", arguments);
    }

    private Program.Ended vulndb(String command, Object... arguments) {
        var all = new Object[arguments.length + 1];
        all[0] = command;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return run("vulndb", all);
    }

    private Program.Ended run(String command, Object... arguments) {
        var all = new Object[arguments.length + 3];
        all[0] = command;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[arguments.length + 1] = "--db";
        all[arguments.length + 2] = place.resolve("db");
        return Program.run(all);
    }

    private static JsonNode json(Program.Ended ended) throws IOException {
        return new ObjectMapper().readTree(ended.out());
    }

    private Path debian(String openssl) throws IOException {
        var upper = new TarBuilder()
                .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
                .file(
                        "var/lib/dpkg/status",
                        "Package: openssl\nStatus: install ok installed\nVersion: " + openssl + "\n\n");
        return Files.write(place.resolve(openssl + ".tar"), upper.bytes());
    }

    private void advise(String fixed) throws IOException {
        var folder = Files.createDirectories(place.resolve("db/Debian"));
        Files.writeString(folder.resolve("one.json"), record(1, fixed));
    }

    private static String record(int number, String fixed) {
        return """
                {"id":"DEBIAN-CVE-2024-%d","modified":"2024-01-01T00:00:00Z","upstream":["CVE-2024-%1$d"],"affected":[{"package":
                 {"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
                 {"fixed":"%s"}]}],"ecosystem_specific":{"urgency":"high"}}]}
                """.formatted(number, fixed);
    }

    private static byte[] zip(int records) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            for (var number = 0; number < records; number++) {
                zip.putNextEntry(new ZipEntry(number + ".json"));
                zip.write(record(number, "1").getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toByteArray();
    }

    private static String sum(byte[] bytes) {
        var sum = new CRC32C();
        sum.update(bytes);
        return Base64.getEncoder()
                .encodeToString(
                        ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }
}
