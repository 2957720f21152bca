package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A file of which nothing is known, read once: its table, and how much of it is more than zeros. */
record WholeReading(ImageTable table, long allocatedBytes) {
    /** @param eachPiece may throw to end the reading */
    static WholeReading of(Path file, Runnable eachPiece) throws IOException {
        var digests = new ArrayList<byte[]>();
        var zeros = new byte[Mke2fs.BLOCK];
        var piece = ByteBuffer.allocate(Pieces.BYTES);
        long allocated = 0;
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(piece) >= 0) {
                if (!piece.hasRemaining() || channel.position() == channel.size()) {
                    allocated += notZero(piece, zeros);
                    var digest = Sha256.start();
                    digest.update(piece.array(), 0, piece.position());
                    digests.add(digest.digest());
                    eachPiece.run();
                    piece.clear();
                }
            }
            var none = Pieces.of(List.of());
            return new WholeReading(
                    new ImageTable(channel.size(), channel.size(), Pieces.of(digests), List.of(), none), allocated);
        }
    }

    private static long notZero(ByteBuffer piece, byte[] zeros) {
        long bytes = 0;
        for (var start = 0; start < piece.position(); start += zeros.length) {
            var end = Math.min(start + zeros.length, piece.position());
            if (Arrays.mismatch(piece.array(), start, end, zeros, 0, end - start) >= 0) {
                bytes += end - start;
            }
        }
        return bytes;
    }
}
