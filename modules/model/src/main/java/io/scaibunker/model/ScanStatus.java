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
        return switch (this) {
            case PENDING -> EnumSet.of(PASSED, FAILED, SKIPPED);
            case PASSED, FAILED, SKIPPED -> EnumSet.of(PENDING);
        };
    }
}
