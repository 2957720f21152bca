package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An image's scan, with all pages of its findings. */
final class Verdict {
    private static final int PAGE = 1000;

    /** By severity; then how many have a remedy, and how many the policy minds. */
    private static final List<String> COUNTS =
            List.of("critical", "high", "medium", "low", "negligible", "unknown", "fixable", "failing");

    private final ObjectNode scan;

    Verdict(Api api, String image, @Nullable String severity) throws IOException {
        var call = Call.get("images", image, "scan").with("limit", PAGE).with("severity", severity);
        var answer = api.envelope(call);
        if (!(answer.path("data") instanceof ObjectNode first)) {
            throw new IOException("an answer without a scan");
        }
        scan = first;
        var findings = scan.withArrayProperty("findings");
        for (var cursor = answer.path("next_cursor"); cursor.isTextual(); ) {
            var page = api.envelope(call.with("cursor", cursor.asText()));
            page.path("data").path("findings").forEach(findings::add);
            cursor = page.path("next_cursor");
        }
    }

    JsonNode whole() {
        return scan;
    }

    boolean failed() {
        return "failed".equals(scan.path("scan_status").asText());
    }

    List<String> lines(Style style) {
        var lines = new ArrayList<String>();
        lines.add(style.state(Text.of(scan.path("scan_status")))
                + (scan.path("scan_reason").isTextual() ? "  " + Text.of(scan.path("scan_reason")) : "")
                + (scan.path("message").isTextual() ? "  " + Text.of(scan.path("message")) : ""));
        if ("DB_MISSING".equals(scan.path("scan_reason").asText())) {
            lines.add(style.faint("scaibunker vulndb sync, where the control node runs, brings them"));
        }
        if (scan.path("counts").isObject()) {
            lines.add(COUNTS.stream()
                    .filter(scan.path("counts")::has)
                    .map(count -> count + " " + Text.of(scan.path("counts").path(count)))
                    .collect(Collectors.joining(", ")));
        }
        for (var database : scan.path("database")) {
            lines.add(style.faint("advisories of " + Text.of(database.path("ecosystem")) + ": "
                    + Text.of(database.path("records")) + ", the newest " + Text.of(database.path("age_days"))
                    + " days old"));
        }
        if (!scan.path("findings").isEmpty()) {
            lines.add("");
            lines.addAll(Tables.findings().lines(scan.path("findings"), false, style));
        }
        return lines;
    }
}
