package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.BitSet;

/**
 * Writes blocks one behind the other. Blocks of zeros alone are left out, the file being sparse; behind its limit it only
 * counts. {@link #flush} ends it.
 */
final class BlockStream {
    private static final int CHUNK = 64;

    private final FileChannel file;
    private final long limit;
    private final BitSet written;
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK * Ext4.BLOCK);
    private long next;

    /** @param written is told of each block that is not left out */
    BlockStream(FileChannel file, long firstBlock, long limit, BitSet written) {
        this.file = file;
        this.next = firstBlock;
        this.limit = limit;
        this.written = written;
    }

    /** The number of the block that comes next. */
    long next() {
        return next;
    }

    void write(byte[] block) throws IOException {
        if (isZero(block)) {
            skip(1);
            return;
        }
        if (next < limit) {
            chunk.put(block);
        }
        next++;
        if (!chunk.hasRemaining()) {
            flush();
        }
    }

    /** Leaves out blocks. */
    void skip(long blocks) throws IOException {
        flush();
        next += blocks;
    }

    void flush() throws IOException {
        if (chunk.position() > 0) {
            chunk.flip();
            var end = Math.min(next, limit);
            written.set((int) end - chunk.remaining() / Ext4.BLOCK, (int) end);
            writeFully(file, chunk, (end << Ext4.BLOCK_BITS) - chunk.remaining());
            chunk.clear();
        }
    }

    static void writeFully(FileChannel file, ByteBuffer bytes, long offset) throws IOException {
        for (var at = offset; bytes.hasRemaining(); ) {
            at += file.write(bytes, at);
        }
    }

    private static boolean isZero(byte[] block) {
        for (var one : block) {
            if (one != 0) {
                return false;
            }
        }
        return true;
    }
}
