package io.scaibunker.vulns;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that refuses to give more than a bound. Does not close what is below it. */
final class BoundedInput extends FilterInputStream {
    private final long bound;
    private long count;

    BoundedInput(InputStream in, long bound) {
        super(in);
        this.bound = bound;
    }

    long count() {
        return count;
    }

    @Override
    public int read() throws IOException {
        var one = in.read();
        if (one >= 0) {
            passed(1);
        }
        return one;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        var read = in.read(buffer, offset, length);
        if (read > 0) {
            passed(read);
        }
        return read;
    }

    @Override
    public long skip(long wanted) throws IOException {
        var skipped = in.skip(wanted);
        passed(skipped);
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    @Override
    public void close() {
        // It belongs to the caller.
    }

    private void passed(long bytes) throws IOException {
        count += bytes;
        if (count > bound) {
            throw new ScanException(ScanReason.TOO_LARGE, "more than " + bound + " bytes");
        }
    }
}
