package io.scaibunker.vulns;

import com.fasterxml.jackson.databind.JsonNode;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Grype, on the bill of materials of an image, with the database that lies in its cache. It prints what matched and not what it looked at, so its
 * coverage is that of the image's inventory; its own check of the database's age is off, for that is the policy's to say.
 */
public final class GrypeScanner extends ExternalScanner {
    private static final Set<String> DATABASE = Set.of("vulnerability.db", "metadata.json", "import.json");

    public GrypeScanner(ExternalSettings settings) {
        super("grype", settings);
    }

    @Override
    Scanned scanned(Inventory inventory) throws IOException {
        var printed = ask(
                inventory,
                bill -> List.of("sbom:" + bill, "-o", "json"),
                Map.of(
                        "GRYPE_DB_AUTO_UPDATE", "false",
                        "GRYPE_DB_VALIDATE_AGE", "false",
                        "GRYPE_DB_CACHE_DIR",
                                settings().cache().toAbsolutePath().toString(),
                        "GRYPE_CHECK_FOR_APP_UPDATE", "false"));
        var report = parse(printed);
        if (!report.path("matches").isArray()
                || !report.path("descriptor").path("name").asText().equals("grype")) {
            throw bad("printed something else than its report");
        }
        var expected = ofSystem(inventory);
        if (expected > 0 && report.path("distro").path("name").asText().isEmpty()) {
            throw bad("did not see the system of an image that has " + expected + " packages of one");
        }
        var findings = new ArrayList<Finding>();
        for (var match : report.path("matches")) {
            findings.add(finding(match));
        }
        var counts = new TreeMap<String, Integer>();
        inventory
                .components()
                .forEach(component -> counts.merge(component.ecosystem().toString(), 1, Integer::sum));
        return new Scanned(
                "grype " + report.path("descriptor").path("version").asText(),
                List.of(database(built(report.path("descriptor").path("db")))),
                new Coverage(inventory.components().size(), counts, inventory.gaps()),
                List.copyOf(findings),
                List.of("grype does not say which packages it looked at"));
    }

    @Override
    boolean isOfDatabase(Path file) {
        return DATABASE.contains(file.getFileName().toString());
    }

    /** Newer ones say it inside of {@code status}. */
    private Instant built(JsonNode database) throws IOException {
        var status = database.path("status").isObject() ? database.path("status") : database;
        if (status.hasNonNull("error")
                || (status.has("valid") && !status.path("valid").asBoolean())) {
            throw new ScanException(ScanReason.DB_CORRUPT, "grype says that its database is not valid");
        }
        return time(text(status, "built"));
    }

    private Finding finding(JsonNode match) throws IOException {
        var vulnerability = match.path("vulnerability");
        var artifact = match.path("artifact");
        var related = new ArrayList<String>();
        match.path("relatedVulnerabilities")
                .forEach(other -> related.add(other.path("id").asText()));
        related.remove(vulnerability.path("id").asText());
        var fix = vulnerability.path("fix").path("versions").path(0).asText("");
        var name = text(artifact, "name");
        var upstream = artifact.path("upstreams").path(0).path("name").asText("");
        return new Finding(
                text(vulnerability, "id"),
                related.stream().distinct().sorted().toList(),
                text(artifact, "type"),
                name,
                upstream.isEmpty() ? name : upstream,
                text(artifact, "version"),
                fix.isEmpty() ? null : fix,
                new Rating(Severity.ofWord(text(vulnerability, "severity")).orElse(Severity.UNKNOWN), "grype", null),
                artifact.path("locations").path(0).path("path").asText("").replaceFirst("^/", ""));
    }
}
