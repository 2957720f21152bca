package io.scaibunker.vulns;

/**
 * Something that scans images. It throws nothing and never answers with an empty list for want of a better one: what went wrong is a
 * {@link ScanOutcome.Broken}, and what was not looked at is in the {@link Coverage}.
 */
public interface Scanner {
    /** @param inventory what the image holds, as read when it was baked */
    ScanOutcome scan(Inventory inventory);

    /**
     * What it judges by, in one line: who it is and what it knows. As long as this stays the same, so does what it says of an
     * inventory. Made anew at each call, and cheap as long as nothing has changed.
     */
    String basis();

    /** The same for a row of inventories: may remember what it answered, and does not notice changes meanwhile. For one thread. */
    default Scanner forMany() {
        return this;
    }
}
