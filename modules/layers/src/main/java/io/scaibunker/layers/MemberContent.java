package io.scaibunker.layers;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** The content of the member that a tar reader stands at, with zeros where a sparse file has holes. */
final class MemberContent extends InputStream {
    private final TarInput input;
    private final SparseParts sparse;
    private int part;
    private long position;
    private long stored;

    MemberContent(TarInput input, SparseParts sparse, long stored) {
        this.input = input;
        this.sparse = sparse;
        this.stored = stored;
    }

    /** Bytes of the tar that are still to be read for this member, without padding. */
    long storedLeft() {
        return stored;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (position == sparse.size()) {
            return -1;
        }
        var parts = sparse.parts();
        while (part < parts.size() && end(parts.get(part)) <= position) {
            part++;
        }
        var inPart = part < parts.size() && parts.get(part).offset() <= position;
        int count;
        if (inPart) {
            count = input.read(target, offset, (int) Math.min(length, end(parts.get(part)) - position));
            stored -= count;
        } else {
            var next = part < parts.size() ? parts.get(part).offset() : sparse.size();
            count = (int) Math.min(length, next - position);
            Arrays.fill(target, offset, offset + count, (byte) 0);
        }
        position += count;
        return count;
    }

    private static long end(SparseParts.Part part) {
        return part.offset() + part.length();
    }
}
