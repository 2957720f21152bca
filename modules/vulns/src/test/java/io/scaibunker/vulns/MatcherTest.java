package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.vulns.Component.Kind;
import io.scaibunker.vulns.Inventory.Gap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MatcherTest {
    private static final OperatingSystem DEBIAN = new OperatingSystem("debian", "12", "Debian 12");
    private static final String HIGH =
            "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N\"}]";

    @TempDir
    Path folder;

    @Test
    void aVulnerabilityIsCountedOnceForASourcePackage() throws IOException {
        AdvisoriesTest.write(
                folder,
                "Debian",
                AdvisoriesTest.record(
                        "DEBIAN-CVE-2024-1",
                        "Debian:12",
                        "openssl",
                        fixedIn("3.0.11-1"),
                        "\"upstream\":[\"CVE-2024-1\"]",
                        HIGH),
                AdvisoriesTest.record(
                        "DEBIAN-CVE-2024-2",
                        "Debian:12",
                        "openssl",
                        fixedIn("3.0.12-1"),
                        "\"upstream\":[\"CVE-2024-2\"]"),
                AdvisoriesTest.record("DEBIAN-CVE-2024-2", "Debian:11", "openssl", fixedIn("99")),
                AdvisoriesTest.record(
                        "DSA-1-1",
                        "Debian:12",
                        "openssl",
                        fixedIn("3.0.12-1~deb12u1"),
                        "\"upstream\":[\"CVE-2024-1\",\"CVE-2024-2\"]"));
        List<Finding> findings = match(
                deb("libssl3", "3.0.9-1+b1", "openssl", "3.0.9-1"), deb("openssl", "3.0.9-1", "openssl", "3.0.9-1"));
        assertThat(findings)
                .extracting(f -> f.id() + " " + f.packageName() + " " + f.source() + " " + f.fixed() + " "
                        + f.rating().severity())
                .containsExactly(
                        "CVE-2024-1 libssl3 openssl 3.0.11-1 HIGH", "CVE-2024-2 libssl3 openssl 3.0.12-1 UNKNOWN");
        assertThat(match(deb("libssl3", "3.0.12-1", "openssl", "3.0.12-1"))).isEmpty();
    }

    @Test
    void aBundleThatCoversMoreIsCountedForItself() throws IOException {
        AdvisoriesTest.write(
                folder,
                "Debian",
                AdvisoriesTest.record(
                        "DEBIAN-CVE-2024-1", "Debian:12", "curl", fixedIn("2"), "\"upstream\":[\"CVE-2024-1\"]"),
                AdvisoriesTest.record(
                        "DSA-1-1", "Debian:12", "curl", fixedIn("2"), "\"upstream\":[\"CVE-2024-1\",\"CVE-2024-9\"]"));
        assertThat(match(deb("curl", "1", "curl", "1")))
                .extracting(Finding::id)
                .containsExactly("CVE-2024-1", "DSA-1-1");
    }

    @Test
    void errataNameBinaryPackagesAndTheirSeverityIsAWord() throws IOException {
        AdvisoriesTest.write(
                folder,
                "AlmaLinux",
                AdvisoriesTest.record(
                        "ALSA-2024:1",
                        "AlmaLinux:9",
                        "pcs-snmp",
                        fixedIn("0.11-2.el9"),
                        "\"summary\":\"Critical: pcs\"",
                        "\"related\":[\"CVE-2024-1\"]"),
                AdvisoriesTest.record(
                        "ALSA-2024:1",
                        "AlmaLinux:9",
                        "pcs",
                        fixedIn("0.11-2.el9"),
                        "\"summary\":\"Critical: pcs\"",
                        "\"related\":[\"CVE-2024-1\"]"));
        Component component = new Component(
                Kind.RPM,
                new Ecosystem("AlmaLinux", "9"),
                "pcs-snmp",
                "0.11-1.el9",
                "pcs",
                "0.11-1.el9",
                "var/lib/rpm/rpmdb.sqlite");
        assertThat(match(component)).singleElement().satisfies(finding -> {
            assertThat(finding.id()).isEqualTo("ALSA-2024:1");
            assertThat(finding.aliases()).containsExactly("CVE-2024-1");
            assertThat(finding.rating().severity()).isEqualTo(Severity.CRITICAL);
            assertThat(finding.rating().source()).isEqualTo("summary");
        });
    }

    @Test
    void aliasesLendTheirSeverity() throws IOException {
        AdvisoriesTest.write(
                folder,
                "Go",
                AdvisoriesTest.record(
                        "GO-2024-1", "Go", "x/y", semver("1.2.0"), "\"aliases\":[\"CVE-2024-5\",\"GHSA-a\"]"));
        AdvisoriesTest.write(
                folder,
                "npm",
                AdvisoriesTest.record(
                        "GHSA-a", "npm", "z", semver("9.0.0"), "\"database_specific\":{\"severity\":\"HIGH\"}"));
        List<Component> both = List.of(
                Component.of(Kind.GO, "Go", "x/y", "1.1.0", "bin/a"), Component.of(Kind.NPM, "npm", "q", "1.0.0", "b"));
        assertThat(match(both.toArray(Component[]::new))).singleElement().satisfies(finding -> {
            assertThat(finding.id()).isEqualTo("CVE-2024-5");
            assertThat(finding.rating()).isEqualTo(new Rating(Severity.HIGH, "alias:GHSA-a/database", null));
        });
        assertThat(match(both.getFirst()))
                .as("only what the image needs is asked")
                .singleElement()
                .extracting(f -> f.rating().severity())
                .isEqualTo(Severity.UNKNOWN);
    }

    @Test
    void advisoriesThatShareANameAreOne() throws IOException {
        AdvisoriesTest.write(
                folder,
                "PyPI",
                AdvisoriesTest.record(
                        "GHSA-x",
                        "PyPI",
                        "thing",
                        ecosystem("2.0"),
                        "\"aliases\":[\"CVE-2024-7\"]",
                        "\"database_specific\":{\"severity\":\"LOW\"}"),
                AdvisoriesTest.record("PYSEC-1", "PyPI", "thing", ecosystem("2.1"), "\"aliases\":[\"CVE-2024-7\"]"));
        assertThat(match(
                        Component.of(Kind.PYTHON, "PyPI", "thing", "1.0", "a"),
                        Component.of(Kind.PYTHON, "PyPI", "thing", "1.0", "b")))
                .extracting(f ->
                        f.id() + f.aliases() + f.fixed() + f.path() + f.rating().severity())
                .containsExactly("CVE-2024-7[GHSA-x, PYSEC-1]2.1aLOW", "CVE-2024-7[GHSA-x, PYSEC-1]2.1bLOW");
    }

    @Test
    void whatHasNoAdvisoriesLeavesAGap() throws IOException {
        AdvisoriesTest.write(
                folder, "Debian", AdvisoriesTest.record("DEBIAN-CVE-2024-1", "Debian:11", "curl", fixedIn("2")));
        Inventory inventory = new Inventory(
                DEBIAN,
                List.of(deb("curl", "1", "curl", "1"), Component.of(Kind.NPM, "npm", "q", "1.0.0", "b")),
                List.of(),
                List.of());
        AdvisorySnapshot advisories = new AdvisoryDatabase(folder).snapshot(inventory.ecosystems());
        Coverage coverage = Coverage.of(inventory, advisories);
        assertThat(coverage.gaps())
                .extracting(Gap::text)
                .containsExactly("there are no advisories for npm", "there are no advisories for Debian:12");
        assertThat(coverage.byEcosystem()).containsEntry("Debian:12", 1).containsEntry("npm", 1);
    }

    @Test
    void theRealDatabaseFindsWhatItShould() throws IOException {
        AdvisoryDatabase database = new AdvisoryDatabase(TestData.at("osv"));
        Inventory inventory = new Inventory(
                null,
                List.of(
                        Component.of(Kind.PYTHON, "PyPI", "jinja2", "2.10", "a"),
                        Component.of(Kind.PYTHON, "PyPI", "django", "4.2.1", "a"),
                        Component.of(Kind.GO, "Go", "golang.org/x/net", "0.1.0", "b"),
                        new Component(
                                Kind.RPM,
                                new Ecosystem("AlmaLinux", "8"),
                                "dnsmasq",
                                "2.79-31.el8_9.1",
                                "dnsmasq",
                                "2.79-31.el8_9.1",
                                "c")),
                List.of(),
                List.of());
        List<Finding> findings = new Matcher(database.snapshot(inventory.ecosystems())).match(inventory);
        assertThat(findings)
                .extracting(f -> f.source() + " " + f.id())
                .contains(
                        "jinja2 CVE-2019-10906",
                        "jinja2 CVE-2024-22195",
                        "django CVE-2023-36053",
                        "golang.org/x/net CVE-2023-39325",
                        "dnsmasq ALSA-2024:1335");
        assertThat(findings)
                .filteredOn(f -> f.id().equals("CVE-2019-10906"))
                .extracting(Finding::fixed)
                .containsExactly("2.10.1");
        assertThat(findings)
                .filteredOn(f -> f.id().equals("ALSA-2024:1335"))
                .extracting(f -> f.rating().severity())
                .containsExactly(Severity.HIGH);
    }

    private List<Finding> match(Component... components) throws IOException {
        Inventory inventory = new Inventory(DEBIAN, new ArrayList<>(Arrays.asList(components)), List.of(), List.of());
        return new Matcher(new AdvisoryDatabase(folder).snapshot(inventory.ecosystems())).match(inventory);
    }

    static Component deb(String name, String version, String source, String sourceVersion) {
        return new Component(
                Kind.DEB, new Ecosystem("Debian", "12"), name, version, source, sourceVersion, "var/lib/dpkg/status");
    }

    static String fixedIn(String version) {
        return ecosystem(version);
    }

    private static String ecosystem(String fixed) {
        return "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"" + fixed
                + "\"}]}]";
    }

    private static String semver(String fixed) {
        return ecosystem(fixed).replace("ECOSYSTEM", "SEMVER");
    }
}
