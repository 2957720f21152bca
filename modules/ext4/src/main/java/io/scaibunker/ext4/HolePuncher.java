package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Turns parts of a file into holes. Where that fails (a file system without holes, a Java without native access) zeros are
 * written, which read the same.
 */
final class HolePuncher implements AutoCloseable {
    private final FileChannel channel;
    private final Optional<SystemFile> file;

    /** @param channel the same file, open for writing */
    HolePuncher(Path file, FileChannel channel) {
        this.channel = channel;
        this.file = SystemFile.open(file, SystemFile.READ_WRITE);
    }

    void punch(long offset, long length) throws IOException {
        if (file.isEmpty() || !file.get().punch(offset, length)) {
            var zeros = ByteBuffer.allocate(256 << 10);
            for (long done = 0; done < length; done += zeros.limit()) {
                zeros.clear().limit((int) Math.min(zeros.capacity(), length - done));
                BlockStream.writeFully(channel, zeros, offset + done);
            }
        }
    }

    @Override
    public void close() {
        file.ifPresent(SystemFile::close);
    }
}
