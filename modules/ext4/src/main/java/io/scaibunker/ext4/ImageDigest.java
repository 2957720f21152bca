package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** A file's digest and how much of it is more than zeros, in one reading. */
record ImageDigest(String sha256, long allocatedBytes) {
    private static final int CHUNK = 256 << 10;

    static ImageDigest of(Path file, LongConsumer hashed) throws IOException {
        var digest = Sha256.start();
        var zeros = new byte[Mke2fs.BLOCK];
        var chunk = ByteBuffer.allocate(CHUNK);
        long allocated = 0;
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(chunk) >= 0) {
                if (!chunk.hasRemaining() || channel.position() == channel.size()) {
                    allocated += notZero(chunk, zeros);
                    digest.update(chunk.array(), 0, chunk.position());
                    hashed.accept(chunk.position());
                    chunk.clear();
                }
            }
        }
        return new ImageDigest("sha256:" + HexFormat.of().formatHex(digest.digest()), allocated);
    }

    private static long notZero(ByteBuffer chunk, byte[] zeros) {
        long bytes = 0;
        for (var start = 0; start < chunk.position(); start += zeros.length) {
            var end = Math.min(start + zeros.length, chunk.position());
            if (Arrays.mismatch(chunk.array(), start, end, zeros, 0, end - start) >= 0) {
                bytes += end - start;
            }
        }
        return bytes;
    }
}
