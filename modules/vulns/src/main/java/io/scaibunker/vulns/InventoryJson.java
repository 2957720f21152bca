package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.scaibunker.vulns.Inventory.Gap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** An inventory as it is kept with an artifact: JSON, one short array a package. */
public final class InventoryJson {
    private static final int FORMAT = 1;
    private static final long LARGEST = 64L << 20;
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxStringLength(1 << 20)
                    .build())
            .build();

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
                json.writeString(one.stream());
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

    /** The same, compressed: as it travels and lies in a database. */
    public static byte[] pack(Inventory inventory) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            write(inventory, out);
        }
        return packed.toByteArray();
    }

    /** @throws IOException if it is no packed inventory of this format */
    public static Inventory unpack(byte[] packed) throws IOException {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(packed), 1 << 14)) {
            return read(in);
        }
    }

    /** @throws IOException if it is no inventory of this format; nothing half-read is ever given */
    public static Inventory read(InputStream in) throws IOException {
        try (var json = JSON.createParser(new BoundedInput(in, LARGEST))) {
            return new Reading(json).inventory();
        } catch (IllegalArgumentException odd) {
            throw new IOException("an inventory that cannot be read: " + odd.getMessage(), odd);
        }
    }

    /** One inventory as it is read. */
    private static final class Reading {
        private final JsonParser json;
        private final Map<Object, Object> pool = new HashMap<>();
        private final List<Component> components = new ArrayList<>();
        private final List<Gap> gaps = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();
        private int format;

        @Nullable
        private OperatingSystem system;

        Reading(JsonParser json) {
            this.json = json;
        }

        Inventory inventory() throws IOException {
            expect(json.nextToken(), JsonToken.START_OBJECT);
            for (var field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                field(field);
            }
            expect(json.currentToken(), JsonToken.END_OBJECT);
            if (format != FORMAT) {
                throw new IOException("not an inventory of format " + FORMAT);
            }
            return new Inventory(system, List.copyOf(components), List.copyOf(gaps), List.copyOf(notes));
        }

        private void field(String field) throws IOException {
            switch (field) {
                case "format" -> format = json.getIntValue();
                case "system" -> {
                    var row = row(3);
                    system = new OperatingSystem(row[0], row[1], row[2]);
                }
                case "components" -> rows(9, row -> components.add(component(row)));
                case "gaps" -> rows(3, row -> gaps.add(new Gap(ScanReason.valueOf(row[0]), row[1], row[2])));
                case "notes" -> {
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        notes.add(text());
                    }
                }
                default -> json.skipChildren();
            }
        }

        private Component component(String[] row) {
            return new Component(
                    Component.Kind.valueOf(row[0]),
                    pooled(new Ecosystem(row[1], row[2])),
                    row[3],
                    row[4],
                    row[5],
                    row[6],
                    pooled(row[7]),
                    pooled(row[8]));
        }

        private void rows(int columns, Consumer<String[]> each) throws IOException {
            expect(json.currentToken(), JsonToken.START_ARRAY);
            while (json.nextToken() != JsonToken.END_ARRAY) {
                each.accept(row(columns));
            }
        }

        private String[] row(int columns) throws IOException {
            expect(json.currentToken(), JsonToken.START_ARRAY);
            var row = new String[columns];
            for (var column = 0; column < columns; column++) {
                json.nextToken();
                row[column] = text();
            }
            expect(json.nextToken(), JsonToken.END_ARRAY);
            return row;
        }

        private String text() throws IOException {
            expect(json.currentToken(), JsonToken.VALUE_STRING);
            return json.getText();
        }

        private static void expect(@Nullable JsonToken token, JsonToken expected) throws IOException {
            if (token != expected) {
                throw new IOException("an inventory that cannot be read: " + expected + " expected");
            }
        }

        @SuppressWarnings("unchecked")
        private <T> T pooled(T value) {
            var known = pool.putIfAbsent(value, value);
            return known == null ? value : (T) known;
        }
    }
}
