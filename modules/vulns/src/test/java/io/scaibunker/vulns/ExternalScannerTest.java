package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import io.scaibunker.vulns.Verdict.Status;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that print, end, hang and flood as Trivy and Grype do stand in for them. */
class ExternalScannerTest {
    private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");
    private static final Inventory DEBIAN = new Inventory(
            new OperatingSystem("debian", "12", "Debian 12"),
            List.of(MatcherTest.deb("curl", "7.88.1-10", "curl", "7.88.1-10")),
            List.of(),
            List.of());
    private static final String TRIVY = """
            {"SchemaVersion":2,"ArtifactName":"/x","ArtifactType":"filesystem","Metadata":{"OS":{"Family":"debian","Name":"12.1"}},
             "Results":[{"Target":"x (debian 12.1)","Class":"os-pkgs","Type":"debian","Packages":[{"Name":"curl","Version":"7.88.1"}],
              "Vulnerabilities":[%s]}]}""";
    private static final String TRIVY_FINDING = """
            {"VulnerabilityID":"CVE-2023-38545","PkgName":"curl","InstalledVersion":"7.88.1-10","FixedVersion":"7.88.1-10+deb12u4","Status":"fixed",
             "Severity":"CRITICAL","SeveritySource":"nvd","PrimaryURL":"https://example.org"}""";
    private static final String GRYPE = """
            {"matches":[%s],"source":{"type":"directory","target":"/x"},"distro":{"name":"debian","version":"12","idLike":[]},
             "descriptor":{"name":"grype","version":"0.90.0","db":{"status":{"schemaVersion":"v6.0.0","built":"2026-01-09T00:00:00Z","valid":true}}}}""";
    private static final String GRYPE_FINDING = """
            {"vulnerability":{"id":"CVE-2023-38545","severity":"Critical","namespace":"debian:distro:debian:12","fix":{"versions":["7.88.1-10+deb12u4"],"state":"fixed"}},
             "relatedVulnerabilities":[{"id":"CVE-2023-38545"}],"matchDetails":[],
             "artifact":{"name":"libcurl4","version":"7.88.1-10","type":"deb","upstreams":[{"name":"curl"}],"locations":[{"path":"/var/lib/dpkg/status"}]}}""";

    @TempDir
    Path folder;

    @BeforeEach
    void aDatabaseOfTrivy() throws IOException {
        Files.createDirectories(folder.resolve("cache/db"));
        Files.writeString(
                folder.resolve("cache/db/metadata.json"),
                "{\"Version\":2,\"UpdatedAt\":\"2026-01-09T00:00:00.123456789Z\"}");
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("cache/db/trivy.db").toFile(), "rw")) {
            file.setLength(11 << 20);
        }
    }

    @Test
    void whatTrivyFindsIsTakenOver() throws IOException {
        ScanOutcome outcome = trivy(says(TRIVY.formatted(TRIVY_FINDING)), Duration.ofSeconds(20))
                .scan(DEBIAN);
        assertThat(outcome).isInstanceOfSatisfying(Scanned.class, scanned -> {
            assertThat(scanned.findings())
                    .singleElement()
                    .isEqualTo(new Finding(
                            "CVE-2023-38545",
                            List.of(),
                            "debian",
                            "curl",
                            "curl",
                            "7.88.1-10",
                            "7.88.1-10+deb12u4",
                            new Rating(Severity.CRITICAL, "trivy:nvd", null),
                            "x (debian 12.1)"));
            assertThat(scanned.coverage().packages()).isEqualTo(1);
        });
        assertThat(verdict(outcome).reason()).isEqualTo(ScanReason.FINDINGS);
        assertThat(Files.readString(folder.resolve("arguments")))
                .startsWith("sbom\n")
                .contains("--skip-db-update", "--offline-scan", "--cache-dir\n" + folder.resolve("cache"))
                .endsWith("/input.cdx.json\n");
        assertThat(Files.readString(folder.resolve("bill"))).contains("pkg:deb/debian/curl@7.88.1-10?distro=debian-12");
    }

    @Test
    void whatGrypeFindsIsTakenOver() throws IOException {
        ScanOutcome outcome = grype(says(GRYPE.formatted(GRYPE_FINDING)), Duration.ofSeconds(20))
                .scan(DEBIAN);
        assertThat(outcome).isInstanceOfSatisfying(Scanned.class, scanned -> {
            assertThat(scanned.scanner()).isEqualTo("grype 0.90.0");
            assertThat(scanned.findings())
                    .singleElement()
                    .isEqualTo(new Finding(
                            "CVE-2023-38545",
                            List.of(),
                            "deb",
                            "libcurl4",
                            "curl",
                            "7.88.1-10",
                            "7.88.1-10+deb12u4",
                            new Rating(Severity.CRITICAL, "grype", null),
                            "var/lib/dpkg/status"));
        });
        assertThat(verdict(outcome).status()).isEqualTo(Status.FAILED);
    }

    @Test
    void aScanThatFoundNothingAndSawEverythingPasses() throws IOException {
        assertThat(verdict(trivy(says(TRIVY.formatted("")), Duration.ofSeconds(20))
                                .scan(DEBIAN))
                        .status())
                .isEqualTo(Status.PASSED);
        assertThat(verdict(grype(says(GRYPE.formatted("")), Duration.ofSeconds(20))
                                .scan(DEBIAN))
                        .status())
                .isEqualTo(Status.PASSED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "exit 1                                             | SCANNER_FAILED",
                "echo FATAL no space left >&2; exit 1               | SCANNER_FAILED",
                "kill -SEGV $$                                      | SCANNER_FAILED",
                "exit 0                                             | BAD_OUTPUT",
                "printf '{'                                         | BAD_OUTPUT",
                "printf '[]'                                        | BAD_OUTPUT",
                "printf '{}'                                        | BAD_OUTPUT",
                "printf 'not json'                                  | BAD_OUTPUT",
                "printf '{\"SchemaVersion\":3,\"Results\":[]}'      | BAD_OUTPUT",
                "printf '{\"SchemaVersion\":2,\"Results\":[]}'      | BAD_OUTPUT",
                "printf '{\"SchemaVersion\":2,\"Metadata\":{\"OS\":{\"Family\":\"debian\"}},\"Results\":[]}' | BAD_OUTPUT",
                "printf '{\"matches\":[],\"descriptor\":{\"name\":\"grype\"}}' | BAD_OUTPUT",
                "head -c 3000000 /dev/zero                          | TOO_LARGE",
                "yes                                                | TOO_LARGE",
                "sleep 600                                          | TIMEOUT",
                "trap '' TERM; sleep 600 & sleep 600                | TIMEOUT",
            })
    void whateverGoesWrongIsSaidAndNothingPasses(String script, ScanReason reason) throws IOException {
        for (Scanner scanner : List.of(trivy(script, Duration.ofMillis(700)), grype(script, Duration.ofMillis(700)))) {
            ScanOutcome outcome = scanner.scan(DEBIAN);
            assertThat(outcome)
                    .as("%s", outcome)
                    .isInstanceOfSatisfying(
                            Broken.class, broken -> assertThat(broken.reason()).isEqualTo(reason));
            assertThat(verdict(outcome).status()).isEqualTo(Status.FAILED);
        }
    }

    @Test
    void aReportThatIsCutShortIsNone() throws IOException {
        for (String whole : List.of(TRIVY.formatted(TRIVY_FINDING), GRYPE.formatted(GRYPE_FINDING))) {
            Scanner scanner = whole.equals(TRIVY.formatted(TRIVY_FINDING))
                    ? trivy(says(whole.substring(0, whole.length() - 5)), Duration.ofSeconds(20))
                    : grype(says(whole.substring(0, whole.length() - 5)), Duration.ofSeconds(20));
            assertThat(scanner.scan(DEBIAN))
                    .isInstanceOfSatisfying(
                            Broken.class, broken -> assertThat(broken.reason()).isEqualTo(ScanReason.BAD_OUTPUT));
        }
    }

    @Test
    void lastWordsAreKeptAndManyDoNoHarm() throws IOException {
        ScanOutcome outcome = trivy(
                        "head -c 50000000 /dev/zero >&2; echo the reason >&2; exit 1", Duration.ofSeconds(20))
                .scan(DEBIAN);
        assertThat(outcome).isInstanceOfSatisfying(Broken.class, broken -> {
            assertThat(broken.text()).endsWith("the reason").hasSizeLessThan(5_000);
        });
    }

    @Test
    void whatAProgramStartedEndsWithIt() throws IOException {
        Path child = folder.resolve("child");
        trivy("(sleep 600 & echo $! > " + child + "; wait) & sleep 600", Duration.ofSeconds(3))
                .scan(DEBIAN);
        long number = Long.parseLong(Files.readString(child).strip());
        ProcessHandle.of(number)
                .ifPresent(handle -> assertThat(handle.onExit()).succeedsWithin(Duration.ofSeconds(10)));
    }

    @Test
    void aScannerThatIsNotThereIsMissing() {
        ExternalSettings settings = ExternalSettings.of("no-such-scanner", folder.resolve("cache"));
        for (Scanner scanner : List.of(new TrivyScanner(settings), new GrypeScanner(settings))) {
            assertThat(scanner.scan(DEBIAN))
                    .isInstanceOfSatisfying(
                            Broken.class, broken -> assertThat(broken.reason()).isEqualTo(ScanReason.SCANNER_MISSING));
        }
    }

    @Test
    void anEmptyDatabaseIsNone() throws IOException {
        Files.write(folder.resolve("cache/db/trivy.db"), new byte[1_000]);
        assertThat(trivy(says(TRIVY.formatted("")), Duration.ofSeconds(20)).scan(DEBIAN))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.reason()).isEqualTo(ScanReason.DB_MISSING));
        String invalid = GRYPE.formatted("").replace("\"valid\":true", "\"valid\":false");
        assertThat(grype(says(invalid), Duration.ofSeconds(20)).scan(DEBIAN))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.reason()).isEqualTo(ScanReason.DB_CORRUPT));
    }

    private static Verdict verdict(ScanOutcome outcome) {
        return Verdict.of(outcome, Policy.DEFAULT, NOW);
    }

    private Scanner trivy(String script, Duration timeout) throws IOException {
        return new TrivyScanner(settings(script, timeout));
    }

    private Scanner grype(String script, Duration timeout) throws IOException {
        return new GrypeScanner(settings(script, timeout));
    }

    private ExternalSettings settings(String script, Duration timeout) throws IOException {
        Path program = folder.resolve("scanner");
        Files.writeString(
                program,
                "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + folder.resolve("arguments") + "\ncat $HOME/input.cdx.json > "
                        + folder.resolve("bill") + "\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Duration enough = script.startsWith("sleep") || script.contains("sleep 600") ? timeout : Duration.ofSeconds(20);
        return new ExternalSettings(program.toString(), folder.resolve("cache"), enough, 2 << 20);
    }

    private String says(String report) throws IOException {
        Files.writeString(folder.resolve("report.json"), report);
        return "cat " + folder.resolve("report.json");
    }
}
