package io.scaibunker.model;

import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one failure that crosses rooms: a code, a text that a client may read (it names the offending value and what is
 * allowed), and the cause, for the log alone.
 */
public final class PlatformException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient List<FieldError> details;

    @Nullable
    private final Duration retryAfter;

    private PlatformException(
            ErrorCode code,
            String message,
            List<FieldError> details,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.details = List.copyOf(details);
        this.retryAfter = retryAfter;
    }

    public PlatformException(ErrorCode code, String message) {
        this(code, message, List.of(), null, null);
    }

    public PlatformException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, List.of(), null, cause);
    }

    /** One field is wrong. */
    public static PlatformException invalid(String field, String message) {
        return invalid(List.of(new FieldError(field, message)));
    }

    public static PlatformException invalid(List<FieldError> details) {
        String first = details.getFirst().field() + ": " + details.getFirst().message();
        return new PlatformException(ErrorCode.VALIDATION_ERROR, first, details, null, null);
    }

    /** Something of the platform does not answer now; asking again after {@code retryAfter} is right. */
    public static PlatformException unavailable(String what, @Nullable Throwable cause) {
        return new PlatformException(
                ErrorCode.SERVICE_UNAVAILABLE, what + " does not answer now", List.of(), Duration.ofSeconds(2), cause);
    }

    public PlatformException with(List<FieldError> moreDetails) {
        return new PlatformException(code, text(), moreDetails, retryAfter, getCause());
    }

    public PlatformException retryAfter(Duration pause) {
        return new PlatformException(code, text(), details, pause, getCause());
    }

    public ErrorCode code() {
        return code;
    }

    /** For the client. */
    public String text() {
        return Optional.ofNullable(getMessage()).orElse(code.name());
    }

    public List<FieldError> details() {
        return details;
    }

    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
