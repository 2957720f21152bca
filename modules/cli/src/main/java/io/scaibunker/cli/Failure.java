package io.scaibunker.cli;

import io.scaibunker.ext4.ImageReadException;
import io.scaibunker.ext4.ImageWriteException;
import io.scaibunker.layers.LayerException;
import io.scaibunker.oci.SourceException;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;

/**
 * Why a command failed.
 *
 * @param message one line for who called it
 */
record Failure(ExitCode code, String message) {

    static Failure of(Throwable thrown) {
        return switch (thrown) {
            case SourceException source -> new Failure(code(source), text(source));
            case LayerException layer -> new Failure(ExitCode.SOURCE_UNFIT, text(layer));
            case ImageWriteException write -> new Failure(code(write), text(write));
            case ImageReadException image -> new Failure(ExitCode.SOURCE_UNFIT, text(image));
            case ImageFile.MissingInImage path -> new Failure(ExitCode.SOURCE_MISSING, text(path));
            case CheckedLayer.DamagedLayer damaged -> new Failure(ExitCode.SOURCE_UNFIT, text(damaged));
            case UsageException usage -> new Failure(ExitCode.USAGE, text(usage));
            case Names.MissingThing missing -> new Failure(ExitCode.SOURCE_MISSING, text(missing));
            case ApiException said -> new Failure(said.exitCode(), text(said));
            case TimeoutException late -> new Failure(ExitCode.TIMED_OUT, text(late));
            case CancellationException _ -> new Failure(ExitCode.INTERRUPTED, "interrupted");
            case NoSuchFileException missing ->
                new Failure(ExitCode.SOURCE_MISSING, missing.getFile() + ": no such file");
            case AccessDeniedException denied -> new Failure(ExitCode.HOST, denied.getFile() + ": permission denied");
            case FileSystemException file -> new Failure(ExitCode.HOST, text(file));
            case IOException other -> new Failure(ExitCode.HOST, text(other));
            default -> new Failure(ExitCode.FAILED, "a mistake of this program: " + thrown);
        };
    }

    private static String text(Throwable thrown) {
        if (thrown.getMessage() != null) {
            return thrown.getMessage();
        }
        return thrown instanceof ConnectException
                ? "cannot connect"
                : thrown.getClass().getSimpleName();
    }

    private static ExitCode code(SourceException source) {
        return switch (source.reason()) {
            case NOT_FOUND, AUTH, RATE_LIMITED, UNREACHABLE, PATH_NOT_ALLOWED -> ExitCode.SOURCE_MISSING;
            // What broke off is not damaged: the same command may do better.
            case CORRUPT -> source.mayPass() ? ExitCode.SOURCE_MISSING : ExitCode.SOURCE_UNFIT;
            case UNSUPPORTED -> ExitCode.SOURCE_UNFIT;
            case INVALID_REFERENCE -> ExitCode.USAGE;
            case TOO_LARGE -> ExitCode.TOO_LARGE;
            case DISK_FULL -> ExitCode.HOST;
        };
    }

    private static ExitCode code(ImageWriteException write) {
        return switch (write.reason()) {
            case SIZE_CAP_EXCEEDED -> ExitCode.TOO_LARGE;
            case UNSUPPORTED -> ExitCode.SOURCE_UNFIT;
            case DISK_FULL, TOOL_MISSING -> ExitCode.HOST;
            case FAILED -> ExitCode.FAILED;
        };
    }
}
