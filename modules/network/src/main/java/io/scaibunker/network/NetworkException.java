package io.scaibunker.network;

import java.io.IOException;

/** The host did not do what a bunker's network needs. */
public final class NetworkException extends IOException {
    private static final long serialVersionUID = 1L;

    NetworkException(String message) {
        super(message);
    }
}
