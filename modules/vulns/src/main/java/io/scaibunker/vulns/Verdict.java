package io.scaibunker.vulns;

import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.NothingToScan;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a scan means. {@link #of} is the only place that decides, and «passed» has one way there: a scan that went through, with
 * advisories for all that it found, nothing left unread, and no finding that the policy minds. All else is «failed» with its reason, or
 * «skipped» where there was nothing to scan: no image, or one without any package that one knows of. The constructor is closed, so no one makes a verdict up.
 */
public final class Verdict {
    /** What an image is called after its scan. */
    public enum Status {
        PASSED,
        FAILED,
        SKIPPED
    }

    private final Status status;

    @Nullable
    private final ScanReason reason;

    private final String text;
    private final Map<Severity, Integer> counts;
    private final int failing;
    private final int fixable;

    private Verdict(Status status, @Nullable ScanReason reason, String text, List<Finding> findings, int failing) {
        this.status = status;
        this.reason = reason;
        this.text = text;
        this.failing = failing;
        this.counts = new EnumMap<>(Severity.class);
        for (var severity : Severity.values()) {
            counts.put(severity, 0);
        }
        findings.forEach(finding -> counts.merge(finding.rating().severity(), 1, Integer::sum));
        this.fixable = (int)
                findings.stream().filter(finding -> finding.fixed() != null).count();
    }

    /** The verdict on an outcome. Pure: the same in, the same out. */
    public static Verdict of(ScanOutcome outcome, Policy policy, Instant now) {
        return switch (outcome) {
            case NothingToScan nothing -> new Verdict(Status.SKIPPED, null, nothing.text(), List.of(), 0);
            case Broken broken -> new Verdict(Status.FAILED, broken.reason(), broken.text(), List.of(), 0);
            case Scanned scanned -> of(scanned, policy, now);
        };
    }

    private static Verdict of(Scanned scanned, Policy policy, Instant now) {
        var findings = scanned.findings();
        var failing = (int)
                findings.stream().filter(finding -> policy.fails(finding, now)).count();
        var unproven = unproven(scanned, policy, now);
        // Findings first: they are true however much else was not seen.
        if (failing > 0) {
            var text = failing + " of " + findings.size() + " vulnerabilities are "
                    + policy.threshold().word() + " or worse"
                    + unproven.map(gap -> "; besides, " + gap.text()).orElse("");
            return new Verdict(Status.FAILED, ScanReason.FINDINGS, text, findings, failing);
        }
        if (unproven.isPresent()) {
            return new Verdict(
                    Status.FAILED, unproven.get().reason(), unproven.get().text(), findings, 0);
        }
        if (scanned.coverage().packages() == 0) {
            return new Verdict(Status.SKIPPED, null, "no packages were found: there is nothing to scan", findings, 0);
        }
        var unrated = findings.stream()
                .filter(finding -> finding.rating().severity() == Severity.UNKNOWN)
                .count();
        var text = findings.size() + " vulnerabilities, none of them minded, in "
                + scanned.coverage().packages() + " packages"
                + (unrated == 0 ? "" : "; nobody has rated " + unrated + " of them");
        return new Verdict(Status.PASSED, null, text, findings, 0);
    }

    private record Unproven(ScanReason reason, String text) {}

    /** The first thing that keeps a scan without findings from being a proof; empty if nothing does. */
    private static Optional<Unproven> unproven(Scanned scanned, Policy policy, Instant now) {
        var coverage = scanned.coverage();
        if (!coverage.complete()) {
            var gap = coverage.gaps().getFirst();
            return Optional.of(
                    new Unproven(gap.reason(), gap.path().isEmpty() ? gap.text() : gap.path() + ": " + gap.text()));
        }
        if (coverage.packages() == 0) {
            return policy.emptyFails()
                    ? Optional.of(new Unproven(ScanReason.NO_PACKAGES, "no packages were found"))
                    : Optional.empty();
        }
        if (scanned.database().isEmpty()) {
            return Optional.of(new Unproven(ScanReason.DB_MISSING, "the scanner does not say what it knows"));
        }
        for (var database : scanned.database()) {
            if (database.records() != DatabaseStatus.NOT_SAID && database.records() <= database.withdrawn()) {
                return Optional.of(new Unproven(
                        ScanReason.DB_CORRUPT, "the advisories for " + database.ecosystem() + " are empty"));
            }
            if (policy.oldest().isPresent()
                    && database.age(now).compareTo(policy.oldest().get()) > 0) {
                return Optional.of(new Unproven(
                        ScanReason.DB_STALE,
                        "the advisories for " + database.ecosystem() + " are "
                                + database.age(now).toDays() + " days old"));
            }
        }
        return Optional.empty();
    }

    public Status status() {
        return status;
    }

    /** Null for those that passed or were skipped. */
    public @Nullable ScanReason reason() {
        return reason;
    }

    /** One sentence for the image's owner. */
    public String text() {
        return text;
    }

    /** How many findings of each severity, all severities named. */
    public Map<Severity, Integer> counts() {
        return Map.copyOf(counts);
    }

    /** How many findings the policy minds. */
    public int failing() {
        return failing;
    }

    /** How many findings a newer version repairs. */
    public int fixable() {
        return fixable;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Verdict verdict
                && status == verdict.status
                && reason == verdict.reason
                && text.equals(verdict.text)
                && counts.equals(verdict.counts)
                && failing == verdict.failing
                && fixable == verdict.fixable;
    }

    @Override
    public int hashCode() {
        return Objects.hash(status, reason, text, counts, failing, fixable);
    }

    @Override
    public String toString() {
        return status + (reason == null ? "" : " " + reason) + ": " + text;
    }
}
