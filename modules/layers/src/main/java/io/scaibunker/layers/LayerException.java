package io.scaibunker.layers;

import java.io.IOException;

/** A layer that cannot be taken as it is. The message names the offending entry and is fit for the image's owner. */
public final class LayerException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Why a layer is refused. */
    public enum Reason {
        /** Not what it says it is: cut short, a bad checksum, numbers that cannot be, a broken compressed stream. */
        CORRUPT,
        /** Well formed, but of a kind that is not taken: an unknown compression, a socket, a tar of several volumes. */
        UNSUPPORTED,
        /** A name or a hard link that leads out of the image's root. */
        UNSAFE_PATH,
        /** Beyond a bound of {@link LayerLimits}. */
        TOO_LARGE
    }

    private final Reason reason;

    public LayerException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public LayerException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
