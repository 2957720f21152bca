package io.scaibunker.layers;

import java.io.IOException;
import java.io.InputStream;

/**
 * One layer of an image, wherever its bytes lie. It can be opened again and again and gives the same bytes each time: a
 * tar, plain or compressed with gzip, zstd or xz.
 */
public interface Layer {
    /** SHA-256 of the uncompressed tar as {@code sha256:…}, or empty where nobody claims one. */
    String diffId();

    /** Size in bytes of what {@link #open()} gives, as stored; it is the unit of progress. */
    long storedBytes();

    /** The stored bytes from their start. The caller closes the stream. */
    InputStream open() throws IOException;
}
