package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Rows in columns, for people. */
final class Table {
    /** @param wide shown only when asked for all there is */
    private record Column(String head, Function<JsonNode, String> cell, boolean wide) {}

    private static final String GAP = "   ";

    private final List<Column> columns = new ArrayList<>();

    Table column(String head, Function<JsonNode, String> cell) {
        columns.add(new Column(head, cell, false));
        return this;
    }

    Table column(String head, String field) {
        return column(head, row -> Text.of(row.at(pointer(field))));
    }

    Table wide(String head, Function<JsonNode, String> cell) {
        columns.add(new Column(head, cell, true));
        return this;
    }

    Table wide(String head, String field) {
        return wide(head, row -> Text.of(row.at(pointer(field))));
    }

    private static String pointer(String field) {
        return "/" + field.replace('.', '/');
    }

    /** A head and a line for each row; the head alone where there are none. */
    List<String> lines(Iterable<JsonNode> rows, boolean wide, Style style) {
        var shown = columns.stream().filter(column -> wide || !column.wide()).toList();
        var cells = new ArrayList<List<String>>();
        cells.add(shown.stream().map(Column::head).toList());
        rows.forEach(row ->
                cells.add(shown.stream().map(column -> column.cell().apply(row)).toList()));
        var widths = new int[shown.size()];
        for (var line : cells) {
            for (var column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], width(line.get(column)));
            }
        }
        var lines = new ArrayList<String>();
        for (var line : cells) {
            var text = new StringBuilder();
            for (var column = 0; column < widths.length; column++) {
                var cell = line.get(column);
                var isLast = column == widths.length - 1;
                text.append(lines.isEmpty() ? style.faint(cell) : style.state(cell));
                text.append(isLast ? "" : " ".repeat(widths[column] - width(cell)) + GAP);
            }
            lines.add(text.toString());
        }
        return lines;
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
