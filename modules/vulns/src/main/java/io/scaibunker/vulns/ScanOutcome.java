package io.scaibunker.vulns;

import java.util.List;

/** How a scan ended, before anybody judges it. */
public sealed interface ScanOutcome {
    /**
     * It went through.
     *
     * @param scanner what scanned, with its version
     * @param database the advisories it used
     * @param notes what a reader of the verdict should know
     */
    record Scanned(
            String scanner,
            List<DatabaseStatus> database,
            Coverage coverage,
            List<Finding> findings,
            List<String> notes)
            implements ScanOutcome {}

    /** It did not go through: nothing is known. */
    record Broken(String scanner, ScanReason reason, String text) implements ScanOutcome {
        /** @throws IllegalArgumentException for findings, which are no breakage */
        public Broken {
            if (reason == ScanReason.FINDINGS) {
                throw new IllegalArgumentException("findings break no scan");
            }
        }
    }

    /** There was nothing to scan, decided before any scanner ran. */
    record NothingToScan(String text) implements ScanOutcome {}
}
