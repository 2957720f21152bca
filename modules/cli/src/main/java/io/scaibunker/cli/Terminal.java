package io.scaibunker.cli;

import java.io.PrintStream;

/**
 * Where a command speaks.
 *
 * @param out results
 * @param err all else
 * @param live whether a person watches {@code err}
 */
record Terminal(PrintStream out, PrintStream err, boolean live) {
    Progress progress() {
        return live ? new ProgressBar(err, System::nanoTime) : Progress.NONE;
    }
}
