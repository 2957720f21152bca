package io.scaibunker.worker;

import io.scaibunker.bus.Question.Failure;
import io.scaibunker.ext4.ImageReadException;
import io.scaibunker.ext4.ImageWriteException;
import io.scaibunker.layers.LayerException;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.oci.SourceException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why a bake or a snapshot failed, in the platform's words: each library's reasons, one by one. */
final class BakeFailures {
    private static final Logger LOG = LoggerFactory.getLogger(BakeFailures.class);

    /** A row's text is for a person, and travels in a message. */
    private static final int TEXT_MAX = 1000;

    private BakeFailures() {}

    static Failure of(Throwable thrown) {
        Failure failure = classify(thrown);
        if (failure.code() == ErrorCode.INTERNAL) {
            LOG.error("a bake or snapshot failed by a mistake of ours", thrown);
        } else {
            LOG.info("a bake or snapshot failed: {}", failure.message(), thrown.getCause());
        }
        String text = failure.message();
        return text.length() <= TEXT_MAX ? failure : failure.saying(text.substring(0, TEXT_MAX) + "…");
    }

    static Failure classify(Throwable thrown) {
        return switch (thrown) {
            case PlatformException told -> new Failure(told.code(), told.text());
            case SourceException source ->
                new Failure(code(source), text(source), mayPass(source), retryAfterS(source));
            case LayerException layer -> new Failure(code(layer), text(layer));
            case ImageReadException disk -> new Failure(ErrorCode.SOURCE_CORRUPT, text(disk));
            case ImageWriteException write -> new Failure(code(write), text(write));
            default ->
                saysDiskFull(thrown)
                        ? new Failure(ErrorCode.WORKER_DISK_FULL, "the worker's disk is full")
                        : new Failure(ErrorCode.INTERNAL, "an error of the platform itself");
        };
    }

    /** Java tells a full disk by the system's words alone. */
    private static boolean saysDiskFull(Throwable thrown) {
        return thrown instanceof IOException && text(thrown).contains("No space left on device");
    }

    private static String text(Throwable thrown) {
        return String.valueOf(thrown.getMessage());
    }

    private static ErrorCode code(SourceException source) {
        return switch (source.reason()) {
            case NOT_FOUND -> ErrorCode.SOURCE_NOT_FOUND;
            case AUTH -> ErrorCode.SOURCE_AUTH;
            case RATE_LIMITED -> ErrorCode.SOURCE_RATE_LIMITED;
            case UNREACHABLE -> ErrorCode.SOURCE_UNREACHABLE;
            // What was cut on its way says nothing about the source.
            case CORRUPT -> source.mayPass() ? ErrorCode.SOURCE_UNREACHABLE : ErrorCode.SOURCE_CORRUPT;
            case UNSUPPORTED, INVALID_REFERENCE -> ErrorCode.SOURCE_UNSUPPORTED;
            case PATH_NOT_ALLOWED -> ErrorCode.PATH_NOT_ALLOWED;
            case TOO_LARGE -> ErrorCode.SIZE_CAP_EXCEEDED;
            case DISK_FULL -> ErrorCode.WORKER_DISK_FULL;
        };
    }

    /** A name that is not known now may be later: its server may be away. */
    private static boolean mayPass(SourceException source) {
        return source.mayPass() || source.getCause() instanceof UnknownHostException;
    }

    private static @Nullable Long retryAfterS(SourceException source) {
        return source.retryAfter().map(Duration::toSeconds).orElse(null);
    }

    private static ErrorCode code(LayerException layer) {
        return switch (layer.reason()) {
            case CORRUPT, UNSAFE_PATH -> ErrorCode.SOURCE_CORRUPT;
            case UNSUPPORTED -> ErrorCode.SOURCE_UNSUPPORTED;
            case TOO_LARGE -> ErrorCode.SIZE_CAP_EXCEEDED;
        };
    }

    private static ErrorCode code(ImageWriteException write) {
        return switch (write.reason()) {
            case SIZE_CAP_EXCEEDED -> ErrorCode.SIZE_CAP_EXCEEDED;
            case UNSUPPORTED -> ErrorCode.SOURCE_UNSUPPORTED;
            case DISK_FULL -> ErrorCode.WORKER_DISK_FULL;
            case TOOL_MISSING, FAILED -> ErrorCode.INTERNAL;
        };
    }
}
