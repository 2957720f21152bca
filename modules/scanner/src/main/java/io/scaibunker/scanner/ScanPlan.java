package io.scaibunker.scanner;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Scans.Claim;
import io.scaibunker.store.Scans.Verdict;
import org.jspecify.annotations.Nullable;

/** What to do with a claimed scan. Pure. */
sealed interface ScanPlan {
    /** There is nothing to look at, and this says why. */
    record Settle(Verdict verdict) implements ScanPlan {}

    /** What was baked is to be looked at. */
    record Look(Digest artifact) implements ScanPlan {}

    static ScanPlan of(Claim claim) {
        if (claim.artifact().isPresent()) {
            // Who claimed it so often and never settled it has died of it.
            return claim.attempts() > Judge.TRIES
                    ? failed(ErrorCode.INTERNAL.name(), "given up after " + Judge.TRIES + " tries")
                    : new Look(claim.artifact().get());
        }
        if (claim.retired()) {
            return new Settle(new Verdict(
                    ScanStatus.SKIPPED,
                    null,
                    "the image was retired before it was baked: there is nothing to scan",
                    null,
                    null,
                    null));
        }
        return claim.bakeError()
                .map(error -> failed(error.code(), "the image could not be baked: " + error.message()))
                .orElseGet(() -> failed(
                        NOT_BAKED, "no worker has or makes a copy of the image; it is scanned when one has made it"));
    }

    /** The reason of those whose image no worker was asked to bake. */
    String NOT_BAKED = "NOT_BAKED";

    private static Settle failed(String reason, @Nullable String text) {
        return new Settle(new Verdict(ScanStatus.FAILED, reason, text, null, null, null));
    }
}
