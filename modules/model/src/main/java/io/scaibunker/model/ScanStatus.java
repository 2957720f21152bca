package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** What is known of an image's vulnerabilities. Informs; never stops a bunker. */
public enum ScanStatus implements State<ScanStatus> {
    PENDING,
    PASSED,
    FAILED,
    SKIPPED;

    @Override
    public Set<ScanStatus> next() {
        // A verdict may change without anybody asking: what is known of vulnerabilities does.
        return switch (this) {
            case PENDING -> EnumSet.of(PASSED, FAILED, SKIPPED);
            case PASSED -> EnumSet.of(PENDING, FAILED, SKIPPED);
            case FAILED -> EnumSet.of(PENDING, PASSED, SKIPPED);
            case SKIPPED -> EnumSet.of(PENDING, PASSED, FAILED);
        };
    }
}
