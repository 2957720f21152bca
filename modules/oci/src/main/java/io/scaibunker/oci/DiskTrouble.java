package io.scaibunker.oci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Optional;

/** Tells a full disk of this worker from any other failure of its file system, which is nobody's input but a fault of ours. */
final class DiskTrouble {
    private DiskTrouble() {}

    static RuntimeException of(String what, IOException failed) {
        var text = Optional.ofNullable(failed.getMessage()).orElse("").toLowerCase(Locale.ROOT);
        if (text.contains("no space left") || text.contains("quota exceeded")) {
            return new SourceException(
                    SourceException.Reason.DISK_FULL, "the worker's disk is full: could not " + what, failed);
        }
        return new UncheckedIOException("could not " + what, failed);
    }
}
