package io.scaibunker.cli;

import java.util.ArrayList;
import java.util.List;

/** One command of a shell as its words, up to where it ends: its line, a pipe, a redirection, a comment, a bracket. */
final class ShellWords {
    private static final String ENDS = "|><&;)\n";

    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private boolean begun;
    private char quote;
    private int substitutions;

    private ShellWords() {}

    static List<String> of(String text) {
        var reader = new ShellWords();
        for (var at = 0; at < text.length() && !reader.isOver(text.charAt(at)); at++) {
            if (text.charAt(at) == '\\' && reader.quote != '\'' && at + 1 < text.length()) {
                at++;
                reader.add(text.charAt(at));
            } else {
                reader.take(text.charAt(at));
            }
        }
        reader.end();
        return reader.words;
    }

    private boolean isOver(char next) {
        return quote == 0 && substitutions == 0 && (ENDS.indexOf(next) >= 0 || next == '#' && !begun);
    }

    private void take(char next) {
        if (quote != 0) {
            quoted(next);
        } else if (next == '"' || next == '\'') {
            quote = next;
            begun = true;
        } else if (next == ' ' && substitutions == 0) {
            end();
        } else {
            nest(next);
            add(next);
        }
    }

    private void quoted(char next) {
        if (next == quote) {
            quote = 0;
        } else {
            add(next);
        }
    }

    /** What is in {@code $(…)} belongs to its word. */
    private void nest(char next) {
        if (next == '(') {
            substitutions++;
        } else if (next == ')') {
            substitutions--;
        }
    }

    private void add(char next) {
        word.append(next);
        begun = true;
    }

    private void end() {
        if (begun) {
            words.add(word.toString());
            word.setLength(0);
            begun = false;
        }
    }
}
