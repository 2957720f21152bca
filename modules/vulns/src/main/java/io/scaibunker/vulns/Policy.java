package io.scaibunker.vulns;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What of a scan's findings makes it fail. Nothing here can turn a scan that did not happen into one that passed.
 *
 * @param threshold the least severity that fails; {@link Severity#UNKNOWN} fails at no threshold, but is counted
 * @param ignoreUnfixed whether what nobody has repaired yet is let through
 * @param allowed what is let through by name, each for a time
 * @param emptyFails whether an image without any package that one knows of, as one made from scratch, fails instead of being skipped
 * @param oldest how old the newest advisory of an ecosystem may be; empty for any age
 */
public record Policy(
        Severity threshold,
        boolean ignoreUnfixed,
        List<Allowance> allowed,
        boolean emptyFails,
        Optional<Duration> oldest) {
    /** The literal rule: no critical, no high. */
    public static final Policy DEFAULT = new Policy(Severity.HIGH, false, List.of(), false, Optional.empty());

    /**
     * A vulnerability that is let through.
     *
     * @param id any of its names
     * @param until when that ends
     */
    public record Allowance(String id, Instant until) {}

    /** @throws IllegalArgumentException for a threshold that would let everything or nothing through */
    public Policy {
        if (threshold == Severity.UNKNOWN) {
            throw new IllegalArgumentException("the threshold is one of negligible, low, medium, high, critical");
        }
        allowed = List.copyOf(allowed);
    }

    boolean fails(Finding finding, Instant now) {
        return finding.rating().severity().compareTo(threshold) >= 0
                && !(ignoreUnfixed && finding.fixed() == null)
                && allowed.stream()
                        .noneMatch(allowance -> now.isBefore(allowance.until()) && finding.named(allowance.id()));
    }
}
