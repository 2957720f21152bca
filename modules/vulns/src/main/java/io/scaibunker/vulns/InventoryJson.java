package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.vulns.Inventory.Gap;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An inventory as it is kept with an artifact: JSON, one short array a package. */
public final class InventoryJson {
    private static final int FORMAT = 1;
    private static final long LARGEST = 256L << 20;
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxStringLength(1 << 20)
                    .build())
            .build();
    private static final ObjectMapper TREES = new ObjectMapper(JSON);

    private InventoryJson() {}

    /** Writes an inventory and does not close the stream. */
    public static void write(Inventory inventory, OutputStream out) throws IOException {
        try (var json = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            json.writeNumberField("format", FORMAT);
            var system = inventory.system();
            if (system != null) {
                texts(json, "system", system.id(), system.version(), system.name());
            }
            json.writeArrayFieldStart("components");
            for (var one : inventory.components()) {
                json.writeStartArray();
                json.writeString(one.kind().name());
                json.writeString(one.ecosystem().base());
                json.writeString(one.ecosystem().release());
                json.writeString(one.name());
                json.writeString(one.version());
                json.writeString(one.sourceName());
                json.writeString(one.sourceVersion());
                json.writeString(one.path());
                json.writeEndArray();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("gaps");
            for (var gap : inventory.gaps()) {
                json.writeStartArray();
                json.writeString(gap.reason().name());
                json.writeString(gap.path());
                json.writeString(gap.text());
                json.writeEndArray();
            }
            json.writeEndArray();
            texts(json, "notes", inventory.notes().toArray(String[]::new));
            json.writeEndObject();
        }
    }

    private static void texts(JsonGenerator json, String field, String... texts) throws IOException {
        json.writeArrayFieldStart(field);
        for (var text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }

    /** @throws IOException if it is no inventory of this format; nothing half-read is ever given */
    public static Inventory read(InputStream in) throws IOException {
        var root = TREES.readTree(new BoundedInput(in, LARGEST));
        if (root == null || root.path("format").asInt() != FORMAT) {
            throw new IOException("not an inventory of format " + FORMAT);
        }
        try {
            var pool = new HashMap<Object, Object>();
            var system = root.get("system");
            var components = new ArrayList<Component>();
            for (var row : list(root, "components")) {
                components.add(new Component(
                        Component.Kind.valueOf(text(row, 0)),
                        pooled(pool, new Ecosystem(text(row, 1), text(row, 2))),
                        text(row, 3),
                        text(row, 4),
                        text(row, 5),
                        text(row, 6),
                        pooled(pool, text(row, 7))));
            }
            var gaps = new ArrayList<Gap>();
            for (var row : list(root, "gaps")) {
                gaps.add(new Gap(ScanReason.valueOf(text(row, 0)), text(row, 1), text(row, 2)));
            }
            var notes = new ArrayList<String>();
            list(root, "notes").forEach(note -> notes.add(note.asText()));
            return new Inventory(
                    system == null ? null : new OperatingSystem(text(system, 0), text(system, 1), text(system, 2)),
                    List.copyOf(components),
                    List.copyOf(gaps),
                    List.copyOf(notes));
        } catch (IllegalArgumentException odd) {
            throw new IOException("an inventory that cannot be read: " + odd.getMessage(), odd);
        }
    }

    private static JsonNode list(JsonNode root, String field) {
        var list = root.get(field);
        if (list == null || !list.isArray()) {
            throw new IllegalArgumentException("it has no " + field);
        }
        return list;
    }

    private static String text(JsonNode row, int index) {
        var value = row.get(index);
        if (value == null || !value.isTextual()) {
            throw new IllegalArgumentException("a row is too short");
        }
        return value.asText();
    }

    @SuppressWarnings("unchecked")
    private static <T> T pooled(Map<Object, Object> pool, T value) {
        var known = pool.putIfAbsent(value, value);
        return known == null ? value : (T) known;
    }
}
