package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdvisoriesTest {
    @TempDir
    Path folder;

    /** Events are written {@code kind=version}, separated by spaces. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "introduced=0 fixed=2.0       | 1.9   | true",
                "introduced=0 fixed=2.0       | 2.0   | false",
                "introduced=0                 | 99    | true",
                "introduced=1.0 last_affected=2.0 | 2.0 | true",
                "introduced=1.0 last_affected=2.0 | 2.1 | false",
                "introduced=1.0 fixed=2.0     | 0.9   | false",
                "fixed=2.0 introduced=1.0     | 1.5   | true",
                "introduced=1.0 fixed=2.0 introduced=3.0 fixed=4.0 | 2.5 | false",
                "introduced=1.0 fixed=2.0 introduced=3.0 fixed=4.0 | 3.5 | true",
                "introduced=1.0 fixed=2.0 introduced=2.0 fixed=3.0 | 2.0 | true",
                "introduced=1.0 fixed=1.0     | 1.0   | false",
                "introduced=0 limit=1.5       | 1.4   | true",
                "introduced=0 limit=1.5       | 1.5   | false",
                "introduced=0 limit=1.5 limit=2.5 | 2.0 | true",
                "introduced=0 limit=*         | 99    | true",
                "introduced=2.0 limit=1.5     | 2.0   | false",
                "fixed=2.0                    | 1.0   | false",
                "introduced=0 fixed=1.0       | 0-dev | true",
            })
    void rangesAreEvaluatedAsTheSchemaSays(String events, String version, boolean affected) throws IOException {
        String json = String.join(
                ",",
                Arrays.stream(events.strip().split(" "))
                        .map(event -> "{\"" + event.replace("=", "\":\"") + "\"}")
                        .toList());
        for (String type : List.of("SEMVER", "ECOSYSTEM")) {
            write(
                    "npm",
                    record(
                            "X-1",
                            "npm",
                            "thing",
                            "\"ranges\":[{\"type\":\"" + type + "\",\"events\":[" + json + "]}]"));
            assertThat(affects("npm", "thing", version)).isEqualTo(affected);
        }
    }

    @Test
    void commitsArePassedOverAndWhatFollowsThemIsNot() throws IOException {
        write(
                "PyPI",
                record("X-1", "PyPI", "Some_Thing", """
                        "ranges":[{"type":"GIT","events":[{"introduced":"0"}]},
                                  {"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}],
                        "versions":["1.0","3.0rc1"]"""),
                record("X-2", "PyPI", "other", "\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]}]"));
        assertThat(affects("PyPI", "some-thing", "1.5")).isTrue();
        assertThat(affects("PyPI", "some.THING", "3.0c1"))
                .as("listed, in another spelling")
                .isTrue();
        assertThat(affects("PyPI", "some-thing", "3.0")).isFalse();
        assertThat(affects("PyPI", "other", "1")).isFalse();
        assertThat(status("PyPI").commitsOnly()).isEqualTo(1);
    }

    @Test
    void withdrawnRecordsAreCountedAndNotUsed() throws IOException {
        write(
                "npm",
                record("X-1", "npm", "thing", "\"versions\":[\"1.0.0\"]")
                        .replace("{\"id\"", "{\"withdrawn\":\"2024-01-01T00:00:00Z\",\"id\""));
        assertThat(affects("npm", "thing", "1.0.0")).isFalse();
        assertThat(status("npm").withdrawn()).isEqualTo(1);
    }

    @Test
    void releasesAreKeptApartAndSpelledAsOsvDoes() {
        assertThat(Ecosystem.parse("Ubuntu:22.04:LTS")).contains(new Ecosystem("Ubuntu", "22.04"));
        assertThat(Ecosystem.parse("Ubuntu:24.10")).contains(new Ecosystem("Ubuntu", "24.10"));
        assertThat(Ecosystem.parse("Ubuntu:Pro:22.04:LTS")).isEmpty();
        assertThat(Ecosystem.parse("Ubuntu:22.04:LTS:FIPS")).isEmpty();
        assertThat(Ecosystem.parse("Red Hat:enterprise_linux:9::appstream")).contains(new Ecosystem("Red Hat", "9"));
        assertThat(Ecosystem.parse("Red Hat:rhel_eus:9.2::baseos")).isEmpty();
        assertThat(Ecosystem.parse("Alpine:v3.18")).contains(new Ecosystem("Alpine", "v3.18"));
        assertThat(new Ecosystem("Debian", "12").covers(new Ecosystem("Debian", "11")))
                .isFalse();
        assertThat(Ecosystem.of("Debian").covers(new Ecosystem("Debian", "12"))).isFalse();
        assertThat(Ecosystem.of("Rocky Linux").covers(new Ecosystem("Rocky Linux", "9")))
                .isTrue();
    }

    @Test
    void aBrokenRecordIsCountedAndABrokenArchiveIsNoDatabase() throws IOException {
        write("npm", record("X-1", "npm", "thing", "\"versions\":[\"1.0.0\"]"), "{\"id\":\"X-2\",\"affected\":[{");
        assertThat(status("npm").unreadable()).isEqualTo(1);
        Path zip = folder.resolve("npm/all.zip");
        byte[] whole = Files.readAllBytes(zip);
        Files.write(zip, Arrays.copyOf(whole, whole.length - 30));
        reasonOf(() -> status("npm"), ScanReason.DB_CORRUPT);
        Files.write(zip, new byte[0]);
        reasonOf(() -> status("npm"), ScanReason.DB_CORRUPT);
    }

    @Test
    void aRecordThatInflatesWithoutEndIsRefusedInTimeAndMemory() throws IOException {
        Files.createDirectories(folder.resolve("npm"));
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve("npm/all.zip")))) {
            zip.putNextEntry(new ZipEntry("good.json"));
            zip.write(record("X-1", "npm", "thing", "\"versions\":[\"1.0.0\"]").getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("text.json"));
            zip.write("{\"id\":\"X-2\",\"details\":\"".getBytes(StandardCharsets.UTF_8));
            byte[] chunk = "x".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
            for (int index = 0; index < 100; index++) {
                zip.write(chunk);
            }
            zip.putNextEntry(new ZipEntry("deep.json"));
            zip.write(("{\"id\":\"X-3\",\"x\":" + "[".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("list.json"));
            zip.write(("{\"id\":\"X-4\",\"aliases\":[" + "\"a\",".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8));
        }
        assertThat(status("npm").unreadable()).isEqualTo(3);
        assertThat(affects("npm", "thing", "1.0.0")).isTrue();
    }

    @Test
    void anArchiveWithoutUsableRecordsIsNoDatabase() throws IOException {
        write("npm", "{}", "[]", "nothing");
        reasonOf(() -> status("npm"), ScanReason.DB_CORRUPT);
        write("npm");
        reasonOf(() -> status("npm"), ScanReason.DB_CORRUPT);
    }

    @Test
    void aChangedFileIsReadAgainAndOldSnapshotsStay() throws IOException {
        write("npm", record("X-1", "npm", "thing", "\"versions\":[\"1.0.0\"]"));
        AdvisoryDatabase database = new AdvisoryDatabase(folder);
        AdvisorySnapshot before = database.snapshot(List.of("npm", "Go"));
        String version = database.version();
        assertThat(new AdvisoryDatabase(folder).version()).isEqualTo(version);
        assertThat(database.snapshot(List.of("npm")).index("npm").orElseThrow())
                .isSameAs(before.index("npm").orElseThrow());
        assertThat(before.index("Go")).isEmpty();
        write(
                "npm",
                record("X-1", "npm", "thing", "\"versions\":[\"1.0.0\"]"),
                record("X-2", "npm", "thing", "\"versions\":[\"1.0.0\"]"));
        assertThat(database.version()).isNotEqualTo(version);
        assertThat(database.snapshot(List.of("npm")).index("npm").orElseThrow().named("thing"))
                .hasSize(2);
        assertThat(before.index("npm").orElseThrow().named("thing")).hasSize(1);
    }

    @Test
    void anImportIsCheckedBeforeItTakesTheOldOnesPlace() throws IOException {
        Path database = folder.resolve("database");
        Path source = folder.resolve("source");
        String[] many = new String[20];
        for (int index = 0; index < many.length; index++) {
            many[index] = record("X-" + index, "npm", "thing", "\"versions\":[\"1.0.0\"]");
        }
        Files.createDirectories(source.resolve("npm"));
        zip(source.resolve("npm/all.zip"), many);
        AdvisoryImport imports = new AdvisoryImport(database);
        assertThat(imports.from(source)).singleElement().satisfies(status -> {
            assertThat(status.records()).isEqualTo(20);
            assertThat(status.newest()).isEqualTo(Instant.parse("2024-05-01T00:00:00Z"));
            assertThat(status.age(Instant.parse("2024-05-03T00:00:00Z"))).isEqualTo(Duration.ofDays(2));
        });
        zip(source.resolve("npm/all.zip"), Arrays.copyOf(many, 10));
        reasonOf(() -> imports.from(source), ScanReason.DB_CORRUPT);
        Files.writeString(source.resolve("npm/all.zip"), "no zip");
        reasonOf(() -> imports.from(source), ScanReason.DB_CORRUPT);
        assertThat(new AdvisoryDatabase(database).status())
                .singleElement()
                .extracting(DatabaseStatus::records)
                .isEqualTo(20);
        assertThat(Files.list(database)).as("nothing is left beside").hasSize(1);
        reasonOf(() -> imports.from(Files.createDirectory(folder.resolve("empty"))), ScanReason.DB_MISSING);
        reasonOf(() -> imports.ecosystem("../npm", new ByteArrayInputStream(new byte[0])), ScanReason.DB_MISSING);
    }

    @Test
    void aZipOfADatabaseIsImportedToo() throws IOException {
        zip(folder.resolve("inner.zip"), record("X-1", "Go", "thing", "\"versions\":[\"1.0.0\"]"));
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve("outer.zip")))) {
            zip.putNextEntry(new ZipEntry("osv/Go/all.zip"));
            zip.write(Files.readAllBytes(folder.resolve("inner.zip")));
        }
        assertThat(new AdvisoryImport(folder.resolve("database")).from(folder.resolve("outer.zip")))
                .singleElement()
                .extracting(DatabaseStatus::ecosystem)
                .isEqualTo("Go");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ALSA-2024:1 | AlmaLinux:9 | \"summary\":\"Important: curl security update\" | | HIGH | summary",
                "ALSA-2024:1 | AlmaLinux:9 | \"summary\":\"curl bug fix update\" | | UNKNOWN | none",
                "GHSA-1 | npm | \"database_specific\":{\"severity\":\"MODERATE\"},\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}] | | MEDIUM | database",
                "X-1 | npm | \"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}] | | CRITICAL | CVSS_V3",
                "X-1 | npm | \"severity\":[{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N\"}] | | CRITICAL | CVSS_V4",
                "X-1 | npm | \"severity\":[{\"type\":\"CVSS_V2\",\"score\":\"AV:N/AC:L/Au:N/C:C/I:C/A:C\"}] | | HIGH | CVSS_V2",
                "X-1 | npm | \"severity\":[{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/broken\"},{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}] | | CRITICAL | CVSS_V3",
                "MAL-1 | npm | \"summary\":\"malware\" | | CRITICAL | malicious",
                "DEBIAN-CVE-2024-1 | Debian:12 | \"summary\":\"x\" | \"ecosystem_specific\":{\"urgency\":\"unimportant\"} | NEGLIGIBLE | debian-urgency",
                "DEBIAN-CVE-2024-1 | Debian:12 | \"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}] | \"ecosystem_specific\":{\"urgency\":\"not yet assigned\"} | CRITICAL | CVSS_V3",
                "UBUNTU-CVE-2024-1 | Ubuntu:22.04:LTS | \"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"},{\"type\":\"Ubuntu\",\"score\":\"low\"}] | | LOW | ubuntu",
                "BIT-1 | Bitnami | \"summary\":\"x\" | \"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}] | CRITICAL | CVSS_V3",
            })
    void severityIsResolvedInTheDocumentedOrder(
            String id, String ecosystem, String top, String inner, Severity severity, String source)
            throws IOException {
        String base = Ecosystem.parse(ecosystem).orElseThrow().base();
        write(base, record(id, ecosystem, "thing", "\"versions\":[\"1\"]" + (inner == null ? "" : "," + inner), top));
        Affected affected = new AdvisoryDatabase(folder)
                .snapshot(List.of(base))
                .index(base)
                .orElseThrow()
                .named("thing")[0];
        assertThat(affected.rating().severity()).isEqualTo(severity);
        assertThat(affected.rating().source()).isEqualTo(source);
    }

    @Test
    void theRealDatabasesAreRead() throws IOException {
        for (DatabaseStatus status : new AdvisoryDatabase(TestData.at("osv")).status()) {
            System.out.println(status);
            assertThat(status.unreadable()).isZero();
            assertThat(status.entries()).isPositive();
        }
    }

    private boolean affects(String ecosystem, String name, String version) throws IOException {
        AdvisoryIndex index = new AdvisoryDatabase(folder)
                .snapshot(List.of(ecosystem))
                .index(ecosystem)
                .orElseThrow();
        return Arrays.stream(index.named(name)).anyMatch(affected -> affected.contains(version, index.order()));
    }

    private DatabaseStatus status(String ecosystem) throws IOException {
        return new AdvisoryDatabase(folder)
                .snapshot(List.of(ecosystem))
                .status()
                .getFirst();
    }

    static String record(String id, String ecosystem, String name, String affected, String... more) {
        return "{\"id\":\"" + id
                + "\",\"modified\":\"2024-05-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\""
                + ecosystem + "\",\"name\":\"" + name + "\"}," + affected + "}]"
                + (more.length == 0 ? "" : "," + String.join(",", more)) + "}";
    }

    private void write(String ecosystem, String... records) throws IOException {
        write(folder, ecosystem, records);
    }

    static void write(Path database, String ecosystem, String... records) throws IOException {
        Files.createDirectories(database.resolve(ecosystem));
        Path beside = database.resolve(ecosystem).resolve("next");
        zip(beside, records);
        Files.move(beside, database.resolve(ecosystem).resolve("all.zip"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void zip(Path file, String... records) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (int index = 0; index < records.length; index++) {
                zip.putNextEntry(new ZipEntry(index + ".json"));
                zip.write(records[index].getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void reasonOf(Action action, ScanReason reason) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        ScanException.class,
                        thrown -> assertThat(thrown.reason()).isEqualTo(reason));
    }
}
