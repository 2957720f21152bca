package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A file's bytes, zeros where it has holes. */
final class FileContent extends InputStream {
    private final ImageLayout layout;
    private final List<Extent> extents;
    private final long size;
    private long position;
    private int extent;

    FileContent(ImageLayout layout, List<Extent> extents, long size) {
        this.layout = layout;
        this.extents = extents;
        this.size = size;
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
        if (position >= size) {
            return -1;
        }
        var most = Math.min(length, size - position);
        while (extent < extents.size() && end(extents.get(extent)) <= position) {
            extent++;
        }
        if (extent == extents.size()) {
            return zeros(target, offset, most);
        }
        var here = extents.get(extent);
        var start = here.logical() * layout.blockBytes();
        if (start > position) {
            return zeros(target, offset, Math.min(most, start - position));
        }
        var count = (int) Math.min(most, end(here) - position);
        layout.read(ByteBuffer.wrap(target, offset, count), here.physical() * layout.blockBytes() + position - start);
        position += count;
        return count;
    }

    @Override
    public long skip(long count) {
        var skipped = Math.clamp(count, 0, size - position);
        position += skipped;
        return skipped;
    }

    private long end(Extent one) {
        return (one.logical() + one.length()) * layout.blockBytes();
    }

    private int zeros(byte[] target, int offset, long count) {
        Arrays.fill(target, offset, offset + (int) count, (byte) 0);
        position += count;
        return (int) count;
    }
}
