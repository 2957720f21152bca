package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.scheduler.Placement.Refused;
import io.scaibunker.store.Bookings.Beyond;
import io.scaibunker.store.Bookings.Fate;
import io.scaibunker.store.Bookings.Outcome;
import java.util.List;

/** How it is said that a bunker is not placed. */
final class Refusals {
    private static final int RETRY_AFTER_SECONDS = 5;
    private static final int RETRY_AFTER_MAX = 600;

    private Refusals() {}

    /** To be asked again when the first copy may be ready. */
    static Answer.Refused of(Refused why) {
        int after = Math.min(RETRY_AFTER_MAX, why.earliestS().orElse(RETRY_AFTER_SECONDS));
        return new Answer.Refused(why.code(), why.message(), why.reasons(), after, why.worthWaiting());
    }

    /** @param known whether there is such an image at all */
    static PlatformException image(ImageId image, boolean known) {
        return known
                ? new PlatformException(ErrorCode.IMAGE_DEACTIVATED, "image " + image + " is deactivated")
                : new PlatformException(ErrorCode.IMAGE_NOT_FOUND, "there is no image " + image);
    }

    /** Which bucket, which resource, and by how much. */
    static Answer.Refused overQuota(Outcome outcome) {
        Beyond beyond = outcome.beyond().orElseThrow();
        String bucket = outcome.fate() == Fate.TENANT ? "tenant" : "user";
        List<FieldError> details = List.of(
                new FieldError("bucket", bucket),
                new FieldError("resource", beyond.resource()),
                new FieldError("used", Long.toString(beyond.used())),
                new FieldError("asked", Long.toString(beyond.asked())),
                new FieldError("cap", Long.toString(beyond.cap())));
        String message = "the " + bucket + "'s quota of " + beyond.resource() + " would be passed: " + beyond.used()
                + " used, " + beyond.asked() + " asked, " + beyond.cap() + " allowed";
        return new Answer.Refused(ErrorCode.BUNKER_QUOTA_EXCEEDED, message, details, RETRY_AFTER_SECONDS, false);
    }
}
