package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How an image stands on each worker, put together from its events; and how that reads. */
final class ImageBoard {
    private static final int BAR_MIN = 5;
    private static final String WORKER_ID = "wrk_";
    private static final int REASON_MAX = 80;
    private static final List<String> STATES = List.of("ready", "building", "pending", "failed", "evicted");

    private final Map<String, ObjectNode> rows = new TreeMap<>();
    private ObjectNode image = JsonNodeFactory.instance.objectNode();

    void hear(EventStream.Event event) {
        var data = event.data();
        switch (event.kind()) {
            case "snapshot" -> snapshot(data);
            case "cache", "progress" -> merge(data);
            case "image", "scan" -> image.setAll((ObjectNode) data);
            default -> {
                // What a newer platform tells besides.
            }
        }
    }

    private void snapshot(JsonNode part) {
        if (part.get("image") instanceof ObjectNode whole) {
            image = whole;
            rows.clear();
        }
        part.path("rows").forEach(this::merge);
    }

    private void merge(JsonNode change) {
        if (change instanceof ObjectNode fields) {
            var row =
                    rows.computeIfAbsent(fields.path("worker_id").asText(), _ -> JsonNodeFactory.instance.objectNode());
            if (fields.has("status") && !fields.path("status").equals(row.path("status"))) {
                // What was said of the state before does not hold for this one.
                row.remove(List.of("bytes_done", "bytes_total", "bytes_per_s", "eta_s", "source", "source_name"));
            }
            row.setAll(fields);
        }
    }

    long count(String status) {
        return rows.values().stream().filter(row -> is(row, status)).count();
    }

    private static boolean is(JsonNode row, String status) {
        return row.path("status").asText().equals(status);
    }

    /** Whether something goes on, or should. */
    boolean isMoving() {
        return count("pending") + count("building") > 0;
    }

    boolean isActive() {
        return "active".equals(image.path("status").asText("active"));
    }

    /** The whole of it, for a terminal of so many lines and columns: what moves comes first where not all has room. */
    List<String> lines(int height, int columns, Style style) {
        var lines = new ArrayList<String>();
        lines.add(head(style));
        var room = Math.max(1, height - 2);
        var shown = rows.values().stream()
                .sorted(rows.size() > room ? Comparator.comparingInt(ImageBoard::rank) : (_, _) -> 0)
                .limit(room)
                .toList();
        var width = shown.stream().mapToInt(row -> Text.width(name(row))).max().orElse(0);
        shown.forEach(row -> lines.add(line(row, width, columns, style)));
        if (rows.size() > shown.size()) {
            lines.add(style.faint("… and " + (rows.size() - shown.size()) + " more"));
        }
        return lines.stream().map(line -> Text.clipped(line, columns)).toList();
    }

    private static int rank(JsonNode row) {
        return List.of("building", "failed", "pending", "ready", "evicted")
                .indexOf(row.path("status").asText());
    }

    private String head(Style style) {
        var text = new StringBuilder(Text.of(image.path("name")));
        text.append("  ").append(count("ready")).append('/').append(rows.size()).append(" ready");
        for (var state : STATES.subList(1, STATES.size())) {
            if (count(state) > 0) {
                text.append(", ").append(count(state)).append(' ').append(style.state(state));
            }
        }
        text.append("  scan ").append(style.state(Text.of(image.path("scan_status"))));
        if (!isActive()) {
            text.append("  ").append(Text.of(image.path("status")));
        }
        return text.toString();
    }

    private static String name(JsonNode row) {
        return Text.of(row.path("worker_name"));
    }

    private String line(JsonNode row, int width, int columns, Style style) {
        var status = Text.of(row.path("status"));
        var text = new StringBuilder("  " + padded(name(row), width) + "  ");
        text.append(style.state(status)).append(" ".repeat(Math.max(1, 9 - status.length())));
        switch (status) {
            case "building" -> {
                // The bar has the room that the words leave.
                var told = progress(row);
                text.append(bar(row, columns - Text.width(text.toString()) - told.length() - 4))
                        .append(told);
            }
            case "failed" -> text.append(reason(row.path("error")));
            default -> {
                // The state says it all.
            }
        }
        return text.toString().stripTrailing();
    }

    private static String bar(JsonNode row, int room) {
        var width = Math.min(Text.BAR, room);
        return width < BAR_MIN ? "" : Text.bar(percent(row), width) + " ";
    }

    private static int percent(JsonNode row) {
        return Math.clamp(row.path("percent").asInt(0), 0, 100);
    }

    private String progress(JsonNode row) {
        var text =
                new StringBuilder(String.format(Locale.ROOT, "%3d %%  %s", percent(row), Text.of(row.path("phase"))));
        if (row.path("bytes_total").asLong() > 0) {
            text.append("  ").append(Text.bytes(row.path("bytes_done").asLong()));
            text.append(" of ").append(Text.bytes(row.path("bytes_total").asLong()));
        }
        if (row.path("bytes_per_s").asLong() > 0) {
            text.append("  ")
                    .append(Text.bytes(row.path("bytes_per_s").asLong()))
                    .append("/s");
        }
        if (row.path("eta_s").isNumber()) {
            text.append("  ETA ")
                    .append(Text.span(Duration.ofSeconds(row.path("eta_s").asLong())));
        }
        if (row.path("source").isTextual()) {
            text.append("  from ").append(source(row));
        }
        return text.toString();
    }

    /** A worker by its name, where that is told or it has a row of its own here. */
    private String source(JsonNode row) {
        var known = rows.get(row.path("source").asText());
        if (known != null && !row.path("source_name").isTextual()) {
            return name(known);
        }
        var told = Tables.from(row);
        return told.startsWith(WORKER_ID) ? "another worker" : told;
    }

    /** What failed and where, in full where a line had no room for it. */
    List<String> failures() {
        return rows.values().stream()
                .filter(row -> is(row, "failed") && whole(row.path("error")).length() > REASON_MAX)
                .map(row -> name(row) + ": " + whole(row.path("error")))
                .toList();
    }

    private static String whole(JsonNode error) {
        return Text.of(error.path("code")) + ": " + Text.of(error.path("message"));
    }

    private static String reason(JsonNode error) {
        var text = whole(error);
        return text.length() > REASON_MAX ? text.substring(0, REASON_MAX) + "…" : text;
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - Text.width(text)));
    }

    /** One change as a line, for who keeps a log of it; empty for what is not worth one. */
    static String log(EventStream.Event event) {
        var data = event.data();
        return switch (event.kind()) {
            case "cache" ->
                Text.of(data.path("worker_name")) + " " + Text.of(data.path("status"))
                        + (data.path("phase").isTextual() ? " " + Text.of(data.path("phase")) : "")
                        + (data.path("error").isObject() ? " " + reason(data.path("error")) : "");
            case "scan" ->
                "scan " + Text.of(data.path("scan_status"))
                        + (data.path("scan_reason").isTextual() ? " " + Text.of(data.path("scan_reason")) : "");
            case "image" -> "image " + Text.of(data.path("status"));
            default -> "";
        };
    }
}
