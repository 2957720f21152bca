package io.scaibunker.ext4;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Writes whole blocks past the page cache where the file system lets us. An image is larger than what is read of it soon;
 * were it written through the cache, each of its pages would have to be found, and zeroed by the kernel, first, and brought to
 * disk at the end. Not for parts of the file that are read again at once.
 */
final class DirectFile implements AutoCloseable {
    private static final int BUFFER = 256 << 10;

    private final FileChannel cached;
    private final FileChannel file;
    /** Aligned as such writes want it; what Java itself would take for each is not given back soon. */
    private final BlockingQueue<ByteBuffer> buffers = new LinkedBlockingQueue<>();

    /** @param cached the same file, for a file system that has nothing else */
    DirectFile(Path path, FileChannel cached) {
        this.cached = cached;
        this.file = open(path, cached);
    }

    private static FileChannel open(Path path, FileChannel cached) {
        try {
            return FileChannel.open(path, StandardOpenOption.WRITE, direct());
        } catch (IOException | UnsupportedOperationException | ClassNotFoundException none) {
            System.getLogger(DirectFile.class.getName())
                    .log(Level.DEBUG, "written through the page cache, {0}", none.toString());
            return cached;
        }
    }

    /** By name: the compiler warns of this class, which only the JDK has, and cannot be told not to. */
    private static OpenOption direct() throws ClassNotFoundException {
        for (var option : Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
            if (option instanceof OpenOption direct && option.toString().equals("DIRECT")) {
                return direct;
            }
        }
        throw new UnsupportedOperationException("this Java has no direct I/O");
    }

    /** Both position and length are in whole blocks. */
    void write(ByteBuffer blocks, long position) throws IOException {
        var buffer = buffers.poll();
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(BUFFER + Ext4.BLOCK).alignedSlice(Ext4.BLOCK);
        }
        for (var at = position; blocks.hasRemaining(); at += buffer.limit()) {
            var length = Math.min(BUFFER, blocks.remaining());
            buffer.clear().put(0, blocks, blocks.position(), length).limit(length);
            blocks.position(blocks.position() + length);
            BlockStream.writeFully(file, buffer, at);
        }
        buffers.add(buffer);
    }

    @Override
    public void close() throws IOException {
        if (file != cached) {
            file.close();
        }
    }
}
