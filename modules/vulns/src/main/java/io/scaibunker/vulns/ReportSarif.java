package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;

/**
 * A report as SARIF 2.1.0, for those who gather results of many tools. A scan that did not prove anything says so as a notification
 * and by {@code executionSuccessful: false}.
 */
public final class ReportSarif {
    private static final JsonFactory JSON = new JsonFactory();

    private ReportSarif() {}

    /** Writes a report as one SARIF log and does not close the stream. */
    public static void write(ScanReport report, OutputStream out) throws IOException {
        var rules = new LinkedHashMap<String, Integer>();
        report.findings().forEach(finding -> rules.putIfAbsent(finding.id(), rules.size()));
        try (var json = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            json.writeStringField("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
            json.writeStringField("version", "2.1.0");
            json.writeArrayFieldStart("runs");
            json.writeStartObject();
            json.writeObjectFieldStart("tool");
            json.writeObjectFieldStart("driver");
            json.writeStringField("name", "ScaiBunker " + report.scanner());
            json.writeArrayFieldStart("rules");
            for (var id : rules.keySet()) {
                json.writeStartObject();
                json.writeStringField("id", id);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeEndObject();
            invocation(json, report);
            json.writeArrayFieldStart("results");
            for (var finding : report.findings()) {
                result(json, finding, rules.getOrDefault(finding.id(), 0));
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void invocation(JsonGenerator json, ScanReport report) throws IOException {
        var proven = report.exitCode() != 2;
        json.writeArrayFieldStart("invocations");
        json.writeStartObject();
        json.writeBooleanField("executionSuccessful", proven);
        json.writeStringField("endTimeUtc", report.at().toString());
        if (!proven) {
            json.writeArrayFieldStart("toolExecutionNotifications");
            json.writeStartObject();
            json.writeStringField("level", "error");
            message(json, report.verdict().toString());
            json.writeEndObject();
            json.writeEndArray();
        }
        json.writeEndObject();
        json.writeEndArray();
    }

    private static void result(JsonGenerator json, Finding finding, int rule) throws IOException {
        json.writeStartObject();
        json.writeStringField("ruleId", finding.id());
        json.writeNumberField("ruleIndex", rule);
        json.writeStringField(
                "level",
                switch (finding.rating().severity()) {
                    case CRITICAL, HIGH -> "error";
                    case MEDIUM, UNKNOWN -> "warning";
                    case LOW, NEGLIGIBLE -> "note";
                });
        message(
                json,
                finding.source() + " " + finding.installed() + " has " + finding.id() + " ("
                        + finding.rating().severity().word() + "), "
                        + (finding.fixed() == null ? "not fixed yet" : "fixed in " + finding.fixed()));
        json.writeArrayFieldStart("locations");
        json.writeStartObject();
        json.writeObjectFieldStart("physicalLocation");
        json.writeObjectFieldStart("artifactLocation");
        json.writeStringField("uri", uri(finding.path()));
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
    }

    private static String uri(String path) {
        var encoded = java.net.URLEncoder.encode(path, java.nio.charset.StandardCharsets.UTF_8);
        return encoded.replace("%2F", "/").replace("+", "%20");
    }

    private static void message(JsonGenerator json, String text) throws IOException {
        json.writeObjectFieldStart("message");
        json.writeStringField("text", text);
        json.writeEndObject();
    }
}
