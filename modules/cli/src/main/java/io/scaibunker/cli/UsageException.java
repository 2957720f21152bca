package io.scaibunker.cli;

/** The call itself is wrong, in a way that only shows when it is looked at closely. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one line; says what is allowed */
    UsageException(String message) {
        super(message);
    }
}
