package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** One thing, told at length: names on the left, values on the right. */
final class Sheet {
    private record Line(String name, String value) {}

    private final Style style;
    private final List<Line> lines = new ArrayList<>();
    private final List<String> rest = new ArrayList<>();

    Sheet(Style style) {
        this.style = style;
    }

    Sheet line(String name, String value) {
        if (!value.isEmpty() && !"-".equals(value)) {
            lines.add(new Line(name, value));
        }
        return this;
    }

    Sheet line(String name, JsonNode value) {
        return line(name, Text.of(value));
    }

    /** What follows the lines. */
    Sheet part(String head, List<String> below) {
        rest.add("");
        rest.add(style.faint(head));
        rest.addAll(below);
        return this;
    }

    List<String> lines() {
        var width = lines.stream().mapToInt(line -> line.name().length()).max().orElse(0);
        var text = new ArrayList<String>();
        for (var line : lines) {
            text.add(style.faint(line.name() + " ".repeat(width - line.name().length())) + "  "
                    + style.state(line.value()));
        }
        text.addAll(rest);
        return text;
    }
}
