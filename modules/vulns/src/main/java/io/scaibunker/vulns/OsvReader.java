package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.scaibunker.vulns.OsvRecord.Entry;
import io.scaibunker.vulns.OsvRecord.Event;
import io.scaibunker.vulns.OsvRecord.Range;
import io.scaibunker.vulns.OsvRecord.Scored;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** Reads one OSV record as a stream: fields that are not known or not of the kind expected are passed over. */
final class OsvReader {
    /** The most versions, events or packages one record may name. */
    private static final int MOST = 200_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxStringLength(8 << 20)
                    .maxNameLength(4_096)
                    .maxNumberLength(100)
                    .build())
            .build();

    private OsvReader() {}

    /** @throws IOException if it is no JSON object, has no id, or is beyond bounds */
    static OsvRecord read(InputStream content) throws IOException {
        var record = new OsvRecord();
        try (var json = JSON.createParser(content)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a JSON object");
            }
            for (var field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                field(json, field, record);
            }
            if (json.currentToken() != JsonToken.END_OBJECT) {
                throw new IOException("cut short");
            }
        }
        if (record.id.isEmpty() || record.id.length() > 256) {
            throw new IOException("without an id");
        }
        return record;
    }

    private static void field(JsonParser json, String field, OsvRecord record) throws IOException {
        switch (field) {
            case "id" -> record.id = text(json);
            case "modified" -> record.modified = text(json);
            case "withdrawn" -> record.withdrawn = !text(json).isEmpty();
            case "summary" -> record.summary = text(json);
            case "aliases" -> texts(json, record.aliases);
            case "upstream" -> texts(json, record.upstream);
            case "related" -> texts(json, record.related);
            case "severity" -> severities(json, record.severities);
            case "database_specific" ->
                object(json, (parser, inner) -> {
                    if (inner.equals("severity")) {
                        record.databaseSeverity = text(parser);
                    } else {
                        parser.skipChildren();
                    }
                });
            case "affected" -> array(json, parser -> record.affected.add(affected(parser)));
            default -> json.skipChildren();
        }
    }

    private static Entry affected(JsonParser json) throws IOException {
        var entry = new Entry();
        object(json, (parser, field) -> {
            switch (field) {
                case "package" ->
                    object(parser, (inner, name) -> {
                        switch (name) {
                            case "ecosystem" -> entry.ecosystem = text(inner);
                            case "name" -> entry.name = text(inner);
                            default -> inner.skipChildren();
                        }
                    });
                case "ranges" -> array(parser, inner -> entry.ranges.add(range(inner)));
                case "versions" -> texts(parser, entry.versions);
                case "severity" -> severities(parser, entry.severities);
                case "ecosystem_specific", "database_specific" -> severityWord(parser, entry);
                default -> parser.skipChildren();
            }
        });
        return entry;
    }

    private static void severityWord(JsonParser json, Entry entry) throws IOException {
        object(json, (parser, field) -> {
            var source = switch (field) {
                case "urgency" -> "debian-urgency";
                case "ubuntu_priority" -> "ubuntu";
                case "severity" -> "ecosystem";
                default -> "";
            };
            if (source.isEmpty()) {
                parser.skipChildren();
            } else {
                var word = text(parser);
                if (!word.isEmpty()) {
                    entry.severityWord = word;
                    entry.severityWordSource = source;
                }
            }
        });
    }

    private static Range range(JsonParser json) throws IOException {
        var type = new String[] {""};
        List<Event> events = new ArrayList<>(2);
        object(json, (parser, field) -> {
            switch (field) {
                case "type" -> type[0] = text(parser);
                case "events" ->
                    array(
                            parser,
                            inner -> object(inner, (event, kind) -> {
                                var version = text(event);
                                if (!version.isEmpty()) {
                                    events.add(new Event(kind, version));
                                }
                            }));
                default -> parser.skipChildren();
            }
        });
        return new Range(type[0], events);
    }

    private static void severities(JsonParser json, List<Scored> severities) throws IOException {
        array(json, parser -> {
            var scored = new String[] {"", ""};
            object(parser, (inner, field) -> {
                switch (field) {
                    case "type" -> scored[0] = text(inner);
                    case "score" -> scored[1] = text(inner);
                    default -> inner.skipChildren();
                }
            });
            severities.add(new Scored(scored[0], scored[1]));
        });
    }

    private static void texts(JsonParser json, List<String> texts) throws IOException {
        array(json, parser -> {
            var text = text(parser);
            if (!text.isEmpty()) {
                texts.add(text);
            }
        });
    }

    private static String text(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        json.skipChildren();
        return "";
    }

    private interface Element {
        void read(JsonParser json) throws IOException;
    }

    private interface Field {
        void read(JsonParser json, String name) throws IOException;
    }

    private static void array(JsonParser json, Element element) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        var count = 0;
        for (var token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            if (token == null || ++count > MOST) {
                throw new IOException(token == null ? "cut short" : "a list of more than " + MOST);
            }
            element.read(json);
        }
    }

    private static void object(JsonParser json, Field field) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        for (var name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            field.read(json, name);
        }
        if (json.currentToken() != JsonToken.END_OBJECT) {
            throw new IOException("cut short");
        }
    }
}
