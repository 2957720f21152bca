package io.scaibunker.vulns;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A container of package headers. Readers may throw any {@link RuntimeException} on a damaged one, and none loops for ever. */
interface RpmDatabase {
    /** Told of each header. */
    @FunctionalInterface
    interface Headers {
        void take(ByteBuffer header) throws IOException;
    }

    void forEach(Headers headers) throws IOException;

    static ScanException damaged(String what) {
        return new ScanException(ScanReason.RPMDB_FORMAT, "the package database is damaged: " + what);
    }
}
