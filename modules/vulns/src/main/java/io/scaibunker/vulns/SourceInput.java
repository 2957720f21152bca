package io.scaibunker.vulns;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Remembers whether the stream itself failed, so that this is not mistaken for a fault of what it carried; and ends where too much was
 * read. Does not close what is below it.
 */
final class SourceInput extends FilterInputStream {
    private final long most;
    private long count;

    @Nullable
    private IOException failure;

    SourceInput(InputStream in, long most) {
        super(in);
        this.most = most;
    }

    long count() {
        return count;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (count >= most) {
            throw new ScanException(ScanReason.TOO_LARGE, "there is more in the image than can be looked at");
        }
        try {
            var read = in.read(buffer, offset, length);
            count += Math.max(read, 0);
            return read;
        } catch (IOException thrown) {
            failure = thrown;
            throw thrown;
        }
    }

    @Override
    public long skip(long wanted) throws IOException {
        try {
            return in.skip(wanted);
        } catch (IOException thrown) {
            failure = thrown;
            throw thrown;
        }
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    @Override
    public void close() {
        // It belongs to the caller.
    }

    void rethrow() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }
}
