package io.scaibunker.vulns;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Remembers whether the stream itself failed, so that this is not mistaken for a fault of what it carried. Does not close it. */
final class SourceInput extends FilterInputStream {
    @Nullable
    private IOException failure;

    SourceInput(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        try {
            return in.read();
        } catch (IOException thrown) {
            failure = thrown;
            throw thrown;
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        try {
            return in.read(buffer, offset, length);
        } catch (IOException thrown) {
            failure = thrown;
            throw thrown;
        }
    }

    @Override
    public long skip(long count) throws IOException {
        try {
            return in.skip(count);
        } catch (IOException thrown) {
            failure = thrown;
            throw thrown;
        }
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
