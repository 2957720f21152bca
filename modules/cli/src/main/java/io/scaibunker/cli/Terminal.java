package io.scaibunker.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * Where a command speaks and listens.
 *
 * @param in what is handed to commands inside, and keys
 * @param out results
 * @param err all else
 * @param live whether a person watches {@code err}
 * @param shown whether a person sees {@code out}
 */
record Terminal(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean live,
        boolean shown,
        Map<String, String> environment) {
    private static final int COLUMNS_DEFAULT = 80;
    private static final int LINES_DEFAULT = 24;

    /** As the launcher found it; a terminal that is made smaller meanwhile scrolls. */
    int columns() {
        return told("COLUMNS", COLUMNS_DEFAULT);
    }

    int lines() {
        return told("LINES", LINES_DEFAULT);
    }

    private int told(String name, int otherwise) {
        var told = environment.getOrDefault(name, "");
        return told.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(told) : otherwise;
    }

    Progress progress() {
        return live ? new ProgressBar(err, System::nanoTime) : Progress.NONE;
    }

    Style style() {
        return Style.of(shown, environment);
    }
}
