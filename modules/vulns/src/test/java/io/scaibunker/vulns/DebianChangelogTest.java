package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The truth about Debian's packages lies in their changelogs: they name each CVE with the version that repaired it. Advisories made from
 * those of this machine must find, in an image with older versions, what dpkg's own comparison says, and nothing else.
 */
class DebianChangelogTest {
    private static final Pattern ENTRY = Pattern.compile("^(\\S+) \\(([^)]+)\\) .*;");
    private static final Pattern CVE = Pattern.compile("CVE-\\d{4}-\\d{4,7}");
    private static final int PAIRS = 500;

    @TempDir
    Path folder;

    private record Entry(String version, Set<String> cves) {}

    @Test
    void anOldImageHasWhatItsChangelogsRepairLaterAndACurrentOneHasNot() throws Exception {
        assumeThat(TestData.tool("dpkg")).isTrue();
        Map<String, List<Entry>> changelogs = changelogs();
        assumeThat(changelogs)
                .as("changelogs of installed packages that name CVEs")
                .hasSizeGreaterThan(20);

        List<String> sources = new ArrayList<>(changelogs.keySet());
        Collections.shuffle(sources, new Random(1));
        StringBuilder old = new StringBuilder();
        StringBuilder current = new StringBuilder();
        Set<String> expected = new TreeSet<>();
        List<String> records = new ArrayList<>();
        int pairs = 0;
        for (String source : sources) {
            List<Entry> entries = changelogs.get(source);
            Map<String, String> fixes = fixes(entries);
            if (pairs > PAIRS || fixes.size() > PAIRS / 2) {
                continue;
            }
            String installed = entries.get(Math.min(4, entries.size() - 1)).version();
            old.append("Package: ")
                    .append(source)
                    .append("\nStatus: install ok installed\nVersion: ")
                    .append(installed)
                    .append("\n\n");
            current.append("Package: ")
                    .append(source)
                    .append("\nStatus: install ok installed\nVersion: ")
                    .append(entries.getFirst().version())
                    .append("\n\n");
            for (Map.Entry<String, String> fix : fixes.entrySet()) {
                pairs++;
                records.add(AdvisoriesTest.record(
                        "DEBIAN-" + fix.getKey(), "Debian:12", source, MatcherTest.fixedIn(fix.getValue())));
                if (new ProcessBuilder("dpkg", "--compare-versions", installed, "lt", fix.getValue())
                                .start()
                                .waitFor()
                        == 0) {
                    expected.add(source + " " + fix.getKey() + " " + installed + " < " + fix.getValue());
                }
            }
        }
        AdvisoriesTest.write(folder, "Debian", records.toArray(String[]::new));
        Set<String> found = new TreeSet<>();
        scan(old)
                .findings()
                .forEach(finding -> found.add(
                        finding.source() + " " + finding.id() + " " + finding.installed() + " < " + finding.fixed()));
        System.out.printf(
                "%d advisories from changelogs, %d found in the old image, as dpkg says%n", pairs, expected.size());
        found.stream().limit(10).forEach(System.out::println);
        assertThat(found).isEqualTo(expected).isNotEmpty();
        assertThat(scan(current).findings()).isEmpty();
    }

    private ScanOutcome.Scanned scan(StringBuilder status) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("etc/os-release", "ID=debian\nVERSION_ID=12\n".getBytes(StandardCharsets.UTF_8));
        files.put("var/lib/dpkg/status", status.toString().getBytes(StandardCharsets.UTF_8));
        Inventory inventory = InventoryTest.read(files, InventoryLimits.DEFAULT);
        return (ScanOutcome.Scanned) new BuiltinScanner(new AdvisoryDatabase(folder)).scan(inventory);
    }

    /** A CVE may be named several times, in rebuilds for older releases too: the lowest version from the newest down to the oldest that names it. */
    private static Map<String, String> fixes(List<Entry> entries) {
        Map<String, String> fixes = new LinkedHashMap<>();
        for (int last = 0; last < entries.size(); last++) {
            for (String cve : entries.get(last).cves()) {
                String lowest = entries.subList(0, last + 1).stream()
                        .map(Entry::version)
                        .min(VersionOrder.DPKG)
                        .orElseThrow();
                fixes.put(cve, lowest);
            }
        }
        return fixes;
    }

    private static Map<String, List<Entry>> changelogs() throws IOException {
        Map<String, List<Entry>> changelogs = new LinkedHashMap<>();
        Path docs = Path.of("/usr/share/doc");
        if (!Files.isDirectory(docs)) {
            return changelogs;
        }
        try (var folders = Files.list(docs)) {
            for (Path changelog : folders.map(one -> one.resolve("changelog.Debian.gz"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList()) {
                List<Entry> entries = new ArrayList<>();
                String source = "";
                try (var content = new GZIPInputStream(Files.newInputStream(changelog))) {
                    for (String line : new String(content.readAllBytes(), StandardCharsets.ISO_8859_1).split("\n")) {
                        Matcher entry = ENTRY.matcher(line);
                        if (entry.find()) {
                            source = source.isEmpty() ? entry.group(1) : source;
                            entries.add(new Entry(entry.group(2), new LinkedHashSet<>()));
                        } else if (!entries.isEmpty()) {
                            CVE.matcher(line)
                                    .results()
                                    .forEach(cve -> entries.getLast().cves().add(cve.group()));
                        }
                    }
                }
                if (entries.stream().anyMatch(entry -> !entry.cves().isEmpty())) {
                    changelogs.putIfAbsent(source, entries);
                }
            }
        }
        return changelogs;
    }
}
