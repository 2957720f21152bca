package io.scaibunker.ext4;

import java.io.IOException;

/** A file that is no ext4 that is taken, or is broken; says where. */
public final class ImageReadException extends IOException {
    private static final long serialVersionUID = 1L;

    public ImageReadException(String message) {
        super(message);
    }
}
