package io.scaibunker.vulns;

import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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

    /** What a reader of the verdict should know. */
    List<String> notes() {
        return scanned()
                .map(scanned -> Stream.concat(
                                scanned.notes().stream(),
                                scanned.coverage().byEcosystem().keySet().stream()
                                        .flatMap(ecosystem -> EndOfLife.note(ecosystem, at).stream()))
                        .toList())
                .orElse(List.of());
    }

    /** What scanned. */
    public String scanner() {
        return switch (outcome) {
            case Scanned scanned -> scanned.scanner();
            case ScanOutcome.Broken broken -> broken.scanner();
            case ScanOutcome.NothingToScan nothing -> "none";
        };
    }

    /** Of the verdict and all that was looked at and found, but not of time and the size of the database: equal digests, equal verdicts. */
    public String digest() {
        var text = new StringBuilder()
                .append(verdict.status())
                .append(verdict.reason())
                .append(verdict.text())
                .append(scanner());
        scanned()
                .ifPresent(scanned -> text.append(scanned.coverage())
                        .append(scanned.findings())
                        .append(scanned.notes()));
        return HexFormat.of()
                .formatHex(AdvisoryFiles.sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** What a program that scanned ends with: 0 nothing minded, 1 findings at or above the threshold, 2 it could not be told. */
    public int exitCode() {
        return switch (verdict.status()) {
            case PASSED, SKIPPED -> 0;
            case FAILED -> verdict.reason() == ScanReason.FINDINGS ? 1 : 2;
        };
    }
}
