package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/**
 * The finished file's way to disk and its digests, side by side: the whole file's in the calling thread, for it cannot be
 * split; the segments' in a second one; the disk is waited for in a third.
 *
 * @param image of the whole file
 * @param segments of each segment, in their order
 */
record FinalReading(ImageDigest image, List<String> segments) {
    private static final int CHUNK = 256 << 10;

    static FinalReading of(Path file, List<Segment> segments, BakeProgress progress) throws IOException {
        var factory = Thread.ofPlatform().name("bake-final-", 0).daemon().factory();
        var executor = Executors.newFixedThreadPool(2, factory);
        try {
            var digests = executor.submit((Callable<List<String>>) () -> digests(file, segments));
            var onDisk = executor.submit((Callable<Path>) () -> WorkDirectory.force(file));
            var image = ImageDigest.of(file, progress::hashed);
            onDisk.get();
            return new FinalReading(image, digests.get());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        } catch (ExecutionException failed) {
            switch (Objects.requireNonNull(failed.getCause())) {
                case IOException problem -> throw problem;
                case RuntimeException problem -> throw problem;
                default -> throw new IllegalStateException(failed);
            }
        } finally {
            PassRunner.end(executor);
        }
    }

    private static List<String> digests(Path file, List<Segment> segments) throws IOException {
        var digests = new ArrayList<String>();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (var segment : segments) {
                digests.add(digest(channel, segment));
            }
        }
        return digests;
    }

    private static String digest(FileChannel channel, Segment segment) throws IOException {
        var digest = Sha256.start();
        var chunk = ByteBuffer.allocate(CHUNK);
        for (long done = 0; done < segment.length(); done += chunk.position()) {
            chunk.clear().limit((int) Math.min(CHUNK, segment.length() - done));
            while (chunk.hasRemaining()) {
                if (channel.read(chunk, segment.offset() + done + chunk.position()) < 0) {
                    throw new IOException("the image was cut");
                }
            }
            digest.update(chunk.array(), 0, chunk.position());
        }
        return "sha256:" + HexFormat.of().formatHex(digest.digest());
    }
}
