package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;

/** A report as JSON: {@code {status, reason, text, scanner, database, coverage, counts, findings}}. */
public final class ReportJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ReportJson() {}

    /** Writes a report as one JSON object and does not close the stream. */
    public static void write(ScanReport report, OutputStream out) throws IOException {
        write(report, true, out);
    }

    /** The same without the findings. */
    public static void writeSummary(ScanReport report, OutputStream out) throws IOException {
        write(report, false, out);
    }

    private static void write(ScanReport report, boolean findings, OutputStream out) throws IOException {
        try (var json = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            var verdict = report.verdict();
            json.writeStringField("status", verdict.status().name().toLowerCase(Locale.ROOT));
            json.writeStringField(
                    "reason", verdict.reason() == null ? null : verdict.reason().name());
            json.writeStringField("text", verdict.text());
            json.writeStringField("at", report.at().toString());
            json.writeStringField("scanner", report.scanner());
            var scanned = report.scanned();
            json.writeArrayFieldStart("database");
            if (scanned.isPresent()) {
                for (var database : scanned.get().database()) {
                    database(json, database, report);
                }
            }
            json.writeEndArray();
            if (scanned.isPresent()) {
                coverage(json, scanned.get().coverage(), report.notes());
            } else {
                json.writeNullField("coverage");
            }
            json.writeObjectFieldStart("counts");
            for (var severity : Severity.values()) {
                json.writeNumberField(severity.word(), verdict.counts().getOrDefault(severity, 0));
            }
            json.writeNumberField("fixable", verdict.fixable());
            json.writeNumberField("failing", verdict.failing());
            json.writeEndObject();
            if (findings) {
                json.writeArrayFieldStart("findings");
                for (var finding : report.findings()) {
                    finding(json, finding);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        }
    }

    private static void database(JsonGenerator json, DatabaseStatus database, ScanReport report) throws IOException {
        json.writeStartObject();
        json.writeStringField("ecosystem", database.ecosystem());
        json.writeStringField("source", database.source());
        json.writeNumberField("records", database.records());
        json.writeNumberField("withdrawn", database.withdrawn());
        json.writeNumberField("unreadable", database.unreadable());
        json.writeStringField("newest", database.newest().toString());
        json.writeNumberField("age_days", database.age(report.at()).toDays());
        json.writeEndObject();
    }

    private static void coverage(JsonGenerator json, Coverage coverage, List<String> notes) throws IOException {
        json.writeObjectFieldStart("coverage");
        json.writeBooleanField("complete", coverage.complete());
        json.writeNumberField("packages", coverage.packages());
        json.writeObjectFieldStart("by_ecosystem");
        for (var entry : coverage.byEcosystem().entrySet()) {
            json.writeNumberField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
        json.writeArrayFieldStart("gaps");
        for (var gap : coverage.gaps()) {
            json.writeStartObject();
            json.writeStringField("reason", gap.reason().name());
            json.writeStringField("path", gap.path());
            json.writeStringField("text", gap.text());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("notes");
        for (var note : notes) {
            json.writeString(note);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void finding(JsonGenerator json, Finding finding) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", finding.id());
        json.writeArrayFieldStart("aliases");
        for (var alias : finding.aliases()) {
            json.writeString(alias);
        }
        json.writeEndArray();
        json.writeStringField("ecosystem", finding.ecosystem());
        json.writeStringField("package", finding.packageName());
        json.writeStringField("source", finding.source());
        json.writeStringField("installed", finding.installed());
        json.writeStringField("fixed", finding.fixed());
        json.writeStringField("severity", finding.rating().severity().word());
        json.writeStringField("severity_source", finding.rating().source());
        json.writeStringField("vector", finding.rating().vector());
        json.writeStringField("path", finding.path());
        json.writeEndObject();
    }
}
