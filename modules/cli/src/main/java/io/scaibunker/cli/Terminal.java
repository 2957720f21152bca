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
    Progress progress() {
        return live ? new ProgressBar(err, System::nanoTime) : Progress.NONE;
    }

    Style style() {
        return Style.of(shown, environment);
    }
}
