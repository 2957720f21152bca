package io.scaibunker.oci;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why an image could not be had. The message is for the tenant: it names the offending value and what is allowed, and holds no
 * secret; the cause is for the log.
 */
public final class SourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int SHOWN_CHARACTERS = 200;

    /** The kinds of failure; most have an error code of the API with the same name. */
    public enum Reason {
        /** No such repository, tag, digest or file. */
        NOT_FOUND,
        /** Credentials are missing, wrong or not enough. */
        AUTH,
        /** The registry asks to come back later; see {@link SourceException#retryAfter()}. */
        RATE_LIMITED,
        /** No answer, too slow an answer, or an answer that says «not now». Also a host that the operator denies. */
        UNREACHABLE,
        /** Bytes are not what their digest or length promised, or cannot be parsed. */
        CORRUPT,
        /** Well formed, but nothing that can be baked: other media types, other platforms, Docker schema 1. */
        UNSUPPORTED,
        /** A path that is not under the operator's roots, or no regular file or OCI layout. */
        PATH_NOT_ALLOWED,
        /** The reference or platform is not well formed. */
        INVALID_REFERENCE,
        /** A part is larger than the bounds of {@link SourceConfig}. */
        TOO_LARGE,
        /** This worker has no room for the blob. */
        DISK_FULL
    }

    private final Reason reason;
    private final transient @Nullable Duration retryAfter;
    private final boolean mayPass;

    SourceException(Reason reason, String message) {
        this(reason, message, null);
    }

    SourceException(Reason reason, String message, @Nullable Throwable cause) {
        this(reason, message, cause, null, mayPassByNature(reason));
    }

    private SourceException(
            Reason reason, String message, @Nullable Throwable cause, @Nullable Duration retryAfter, boolean mayPass) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
        this.mayPass = mayPass;
    }

    static SourceException rateLimited(String message, @Nullable Duration retryAfter) {
        return new SourceException(Reason.RATE_LIMITED, message, null, retryAfter, true);
    }

    /** Unreachable, and asking again will not help: the policy, the name or the protocol must change first. */
    static SourceException neverReachable(String message, @Nullable Throwable cause) {
        return new SourceException(Reason.UNREACHABLE, message, cause, null, false);
    }

    /** Truncated on the way, which another try may mend. */
    static SourceException brokenOff(String message, @Nullable Throwable cause) {
        return new SourceException(Reason.CORRUPT, message, cause, null, true);
    }

    private static boolean mayPassByNature(Reason reason) {
        return switch (reason) {
            case UNREACHABLE, RATE_LIMITED, DISK_FULL -> true;
            case NOT_FOUND, AUTH, CORRUPT, UNSUPPORTED, PATH_NOT_ALLOWED, INVALID_REFERENCE, TOO_LARGE -> false;
        };
    }

    /** What kind of failure this is. */
    public Reason reason() {
        return reason;
    }

    /** How long the registry asked to wait, where it did. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** Whether the same call may succeed later although nothing is changed. Short hiccups were already waited out. */
    public boolean mayPass() {
        return mayPass;
    }

    /** A value of a stranger, fit for one line of a message: quoted, clipped, without control characters. */
    static String shown(String value) {
        var clipped = value.length() <= SHOWN_CHARACTERS ? value : value.substring(0, SHOWN_CHARACTERS) + "…";
        var line = new StringBuilder("«");
        clipped.codePoints().forEach(point -> line.appendCodePoint(isPlain(point) ? point : '\uFFFD'));
        return line.append('»').toString();
    }

    private static boolean isPlain(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
