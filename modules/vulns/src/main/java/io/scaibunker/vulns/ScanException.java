package io.scaibunker.vulns;

import java.io.IOException;

/** A scan that could not be done. The message is fit for the image's owner. */
public final class ScanException extends IOException {
    private static final long serialVersionUID = 1L;

    private final ScanReason reason;

    public ScanException(ScanReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public ScanException(ScanReason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public ScanReason reason() {
        return reason;
    }
}
