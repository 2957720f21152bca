package io.scaibunker.vulns;

import com.fasterxml.jackson.databind.JsonNode;
import io.scaibunker.vulns.Inventory.Gap;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Trivy, on the bill of materials of an image, with the database that lies in its cache: a scan never downloads. It ends with 0 whatever it finds,
 * and with 1 for any error, so no exit code is asked for findings.
 */
public final class TrivyScanner extends ExternalScanner {
    private static final int SCHEMA = 2;
    private static final long SMALLEST_DATABASE = 10 << 20;

    public TrivyScanner(ExternalSettings settings) {
        super("trivy", settings);
    }

    @Override
    Scanned scanned(Inventory inventory) throws IOException {
        var database = databaseStatus();
        var printed = ask(
                inventory,
                bill -> List.of(
                        "sbom",
                        "--scanners",
                        "vuln",
                        "--format",
                        "json",
                        "--list-all-pkgs",
                        "--no-progress",
                        "--skip-db-update",
                        "--skip-java-db-update",
                        "--offline-scan",
                        "--skip-version-check",
                        "--disable-telemetry",
                        "--cache-dir",
                        settings().cache().toAbsolutePath().toString(),
                        "--timeout",
                        settings().timeout().toSeconds() + "s",
                        bill.toString()),
                Map.of());
        var report = parse(printed);
        if (report.path("SchemaVersion").asInt() != SCHEMA) {
            throw bad("prints schema " + report.path("SchemaVersion") + " where " + SCHEMA + " is known");
        }
        return read(report, inventory, database);
    }

    @Override
    boolean isOfDatabase(Path file) {
        return file.startsWith(settings().cache().resolve("db"))
                || file.startsWith(settings().cache().resolve("java-db"));
    }

    /** An empty database is what two Trivys leave that met in one cache; a scan with it finds nothing and ends well. */
    private DatabaseStatus databaseStatus() throws IOException {
        var folder = settings().cache().resolve("db");
        var file = folder.resolve("trivy.db");
        var metadata = folder.resolve("metadata.json");
        if (!Files.isRegularFile(file) || Files.size(file) < SMALLEST_DATABASE || !Files.isRegularFile(metadata)) {
            throw new ScanException(ScanReason.DB_MISSING, "trivy has no database in its cache");
        }
        return database(time(text(parse(Files.readAllBytes(metadata)), "UpdatedAt")));
    }

    private Scanned read(JsonNode report, Inventory inventory, DatabaseStatus database) throws IOException {
        var counts = new TreeMap<String, Integer>();
        var findings = new ArrayList<Finding>();
        var ofSystem = 0;
        for (var result : report.path("Results")) {
            var type = text(result, "Type");
            var packages = result.path("Packages").size();
            counts.merge(type, packages, Integer::sum);
            ofSystem += result.path("Class").asText().equals("os-pkgs") ? packages : 0;
            for (var vulnerability : result.path("Vulnerabilities")) {
                findings.add(finding(vulnerability, result, type));
            }
        }
        var expected = ofSystem(inventory);
        var system = report.path("Metadata").path("OS");
        if (expected > 0 && (!system.path("Family").isTextual() || ofSystem == 0)) {
            throw bad("did not see the system of an image that has " + expected + " packages of one");
        }
        var gaps = new ArrayList<Gap>();
        if (ofSystem < expected / 2) {
            gaps.add(new Gap(
                    ScanReason.INVENTORY_INCOMPLETE,
                    "",
                    "trivy saw " + ofSystem + " packages of the system, there are " + expected));
        }
        var all = counts.values().stream().mapToInt(Integer::intValue).sum();
        if (all == 0 && !inventory.components().isEmpty()) {
            throw bad("saw no packages in an image that has "
                    + inventory.components().size());
        }
        var notes = system.path("EOSL").asBoolean()
                ? List.of("the distribution is no longer supported: advisories may be missing")
                : List.<String>of();
        return new Scanned(
                "trivy", List.of(database), new Coverage(all, counts, List.copyOf(gaps)), List.copyOf(findings), notes);
    }

    private Finding finding(JsonNode vulnerability, JsonNode result, String type) throws IOException {
        var name = text(vulnerability, "PkgName");
        var path = optional(vulnerability, "PkgPath");
        var source = optional(vulnerability, "SeveritySource");
        var severity = Severity.ofWord(text(vulnerability, "Severity")).orElse(Severity.UNKNOWN);
        return new Finding(
                text(vulnerability, "VulnerabilityID"),
                List.of(),
                type,
                name,
                name,
                text(vulnerability, "InstalledVersion"),
                optional(vulnerability, "FixedVersion"),
                new Rating(severity, "trivy:" + (source == null ? "unsaid" : source), null),
                path == null ? text(result, "Target") : path);
    }
}
