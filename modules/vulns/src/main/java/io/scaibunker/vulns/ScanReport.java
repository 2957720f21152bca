package io.scaibunker.vulns;

import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A verdict with all that it rests on.
 *
 * @param at when it was made
 */
public record ScanReport(ScanOutcome outcome, Verdict verdict, Policy policy, Instant at) {
    /** @throws IllegalArgumentException if the verdict is not the one on this outcome */
    public ScanReport {
        if (!verdict.equals(Verdict.of(outcome, policy, at))) {
            throw new IllegalArgumentException("a verdict on something else");
        }
    }

    /** The report on an outcome. */
    public static ScanReport of(ScanOutcome outcome, Policy policy, Instant at) {
        return new ScanReport(outcome, Verdict.of(outcome, policy, at), policy, at);
    }

    Optional<Scanned> scanned() {
        return outcome instanceof Scanned scanned ? Optional.of(scanned) : Optional.empty();
    }

    List<Finding> findings() {
        return scanned().map(Scanned::findings).orElse(List.of());
    }

    String scanner() {
        return switch (outcome) {
            case Scanned scanned -> scanned.scanner();
            case ScanOutcome.Broken broken -> broken.scanner();
            case ScanOutcome.NothingToScan nothing -> "none";
        };
    }

    /** What a program that scanned ends with: 0 nothing minded, 1 findings at or above the threshold, 2 it could not be told. */
    public int exitCode() {
        return switch (verdict.status()) {
            case PASSED, SKIPPED -> 0;
            case FAILED -> verdict.reason() == ScanReason.FINDINGS ? 1 : 2;
        };
    }
}
