package io.scaibunker.node;

/** The node cannot start, and the reason is outside of it; the message is all that its user needs. */
final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartException(String message) {
        super(message);
    }

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
