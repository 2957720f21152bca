package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code -o}: how a result is printed. What scripts read is as the API says it; tables may change. */
final class Output {
    enum Form {
        TABLE,
        WIDE,
        JSON,
        YAML,
        NAME
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            defaultValue = "table",
            description = "table (default), wide, json, yaml, or name: names alone, a line each.")
    private Form form = Form.TABLE;

    boolean isForPeople() {
        return form == Form.TABLE || form == Form.WIDE;
    }

    boolean isJson() {
        return form == Form.JSON;
    }

    boolean isName() {
        return form == Form.NAME;
    }

    /** One of many things, as they come: a line, or a document of a YAML stream. */
    void printNext(Terminal terminal, JsonNode thing) throws IOException {
        if (form == Form.YAML) {
            terminal.out().println("---");
            structured(terminal.out(), thing);
        } else {
            terminal.out().println(thing);
        }
    }

    /** A list. */
    void print(Terminal terminal, JsonNode rows, Table table) throws IOException {
        switch (form) {
            case TABLE, WIDE ->
                table.lines(rows, form == Form.WIDE, terminal.style()).forEach(terminal.out()::println);
            case NAME -> rows.forEach(row -> terminal.out().println(name(row)));
            case JSON, YAML -> structured(terminal.out(), rows);
        }
    }

    /** One thing, with more to say of it than a row can. */
    void print(Terminal terminal, JsonNode thing, List<String> lines) throws IOException {
        switch (form) {
            case TABLE, WIDE -> lines.forEach(terminal.out()::println);
            case NAME -> terminal.out().println(name(thing));
            case JSON, YAML -> structured(terminal.out(), thing);
        }
    }

    private void structured(PrintStream out, JsonNode value) throws IOException {
        if (form == Form.JSON) {
            out.println(Api.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value));
        } else {
            out.print(YAMLMapper.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build()
                    .writeValueAsString(value));
        }
    }

    private static String name(JsonNode thing) {
        return Text.plain(thing.hasNonNull("name") ? thing.path("name").asText() : Text.of(thing.path("id")));
    }
}
