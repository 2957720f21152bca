package io.scaibunker.oci;

import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** What an HTTP status other than success means for a pull. */
final class Refusals {
    private static final int LONGEST_SECONDS = 7;

    private Refusals() {}

    /**
     * @param what the thing asked for and where, «manifest of host/name:tag»
     */
    static SourceException of(HttpResponse<?> response, String what) {
        var status = response.statusCode();
        return switch (status) {
            case 401, 403 -> refused(SourceException.Reason.AUTH, what + " is denied", status);
            case 404, 410 -> refused(SourceException.Reason.NOT_FOUND, what + " does not exist", status);
            case 416 -> refused(SourceException.Reason.CORRUPT, what + " is shorter than promised", status);
            case 429 -> SourceException.rateLimited(what + " is rate limited (HTTP 429)", retryAfter(response));
            case 408 -> refused(SourceException.Reason.UNREACHABLE, what + " took too long", status);
            default ->
                status >= 500
                        ? refused(SourceException.Reason.UNREACHABLE, what + " failed at the registry", status)
                        : refused(
                                SourceException.Reason.UNSUPPORTED,
                                what + " was answered in a way not understood",
                                status);
        };
    }

    private static SourceException refused(SourceException.Reason reason, String message, int status) {
        return new SourceException(reason, message + " (HTTP " + status + ")");
    }

    /** Seconds or a date, as RFC 9110 has it; nothing where it is neither. */
    private static @Nullable Duration retryAfter(HttpResponse<?> response) {
        var text = response.headers().firstValue("Retry-After").orElse("").strip();
        if (!text.isEmpty() && text.length() <= LONGEST_SECONDS && text.chars().allMatch(Character::isDigit)) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        try {
            var until =
                    Duration.between(Instant.now(), ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME));
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeException _) {
            return null;
        }
    }
}
