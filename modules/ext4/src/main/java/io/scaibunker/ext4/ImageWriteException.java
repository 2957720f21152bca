package io.scaibunker.ext4;

import java.io.IOException;

/** An image that could not be written. */
public sealed class ImageWriteException extends IOException permits SizeCapExceeded {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** See {@link SizeCapExceeded}. */
        SIZE_CAP_EXCEEDED,
        /** The layers ask for what this writer or ext4 cannot hold, such as an extended attribute of 10 KiB. */
        UNSUPPORTED,
        /** No room on the host. */
        DISK_FULL,
        /** A program is not installed; the message names it and its package. */
        TOOL_MISSING,
        /** A mistake of ours, or of a tool: the message has the tool's own words. */
        FAILED
    }

    private final Reason reason;

    public ImageWriteException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public ImageWriteException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** The same problem, or what it means where the disk is full: Java tells that by the system's words alone. */
    static IOException ofFullDisk(IOException problem) {
        return !(problem instanceof ImageWriteException)
                        && String.valueOf(problem.getMessage()).contains("No space left on device")
                ? new ImageWriteException(Reason.DISK_FULL, "no space left on the host's disk", problem)
                : problem;
    }
}
