package io.scaibunker.cli;

import java.util.Map;
import java.util.Set;

/** Colours, where somebody sees them. */
enum Style {
    PLAIN,
    COLOURED;

    private static final Set<String> GOOD = Set.of("ready", "running", "passed", "active", "complete");
    private static final Set<String> BAD = Set.of("failed", "lost");
    private static final Set<String> UNDER_WAY =
            Set.of("building", "pending", "provisioning", "draining", "terminating", "joining", "paused");

    private static final String RESET = "\u001b[0m";

    /** By the conventions of {@code NO_COLOR} (no-color.org) and of terminals that can do nothing. */
    static Style of(boolean isTerminal, Map<String, String> environment) {
        var unwanted = !environment.getOrDefault("NO_COLOR", "").isEmpty();
        return isTerminal && !unwanted && !"dumb".equals(environment.get("TERM")) ? COLOURED : PLAIN;
    }

    /** A word that says how something stands gets its colour, any other stays. */
    String state(String word) {
        if (GOOD.contains(word)) {
            return in("32", word);
        }
        if (BAD.contains(word)) {
            return in("31", word);
        }
        return UNDER_WAY.contains(word) ? in("33", word) : word;
    }

    String faint(String text) {
        return in("2", text);
    }

    private String in(String code, String text) {
        return this == PLAIN ? text : "\u001b[" + code + "m" + text + RESET;
    }
}
