package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Copies a file's data and leaves its holes holes. The system's own call for copying is behind it: where the file system can
 * share blocks, nothing is copied.
 */
public final class SparseCopy {
    private static final long STEP = 64L << 20;

    private SparseCopy() {}

    /**
     * Makes {@code to}, which must not be there, readable by its owner alone. Ended by an interrupt.
     *
     * @param from no symbolic link
     * @return how many bytes are data
     */
    public static long copy(Path from, Path to) throws IOException {
        var onlyOwner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var source = FileChannel.open(from, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
                var target = FileChannel.open(
                        to, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), onlyOwner)) {
            var size = source.size();
            if (size > 0) {
                BlockStream.writeFully(target, ByteBuffer.allocate(1), size - 1);
            }
            var holes = SystemFile.open(from, SystemFile.READ_ONLY);
            try {
                return copy(source, target, size, holes);
            } finally {
                holes.ifPresent(SystemFile::close);
            }
        }
    }

    /** How many bytes of a file are data. */
    public static long dataOf(Path file) throws IOException {
        var size = Files.size(file);
        var holes = SystemFile.open(file, SystemFile.READ_ONLY);
        if (holes.isEmpty()) {
            return size;
        }
        try (var seen = holes.get()) {
            long data = 0;
            for (var start = seen.nextData(0, size); start < size; ) {
                var end = seen.nextHole(start, size);
                data += end - start;
                start = seen.nextData(end, size);
            }
            return data;
        }
    }

    /** Where holes cannot be seen, all is data. */
    private static long copy(FileChannel source, FileChannel target, long size, Optional<SystemFile> holes)
            throws IOException {
        long data = 0;
        for (long end = 0; end < size; ) {
            var start = holes.isEmpty() ? end : holes.get().nextData(end, size);
            end = holes.isEmpty() || start == size ? size : holes.get().nextHole(start, size);
            copy(source, target, start, end);
            data += end - start;
        }
        return data;
    }

    private static void copy(FileChannel source, FileChannel target, long start, long end) throws IOException {
        for (var at = start; at < end; ) {
            target.position(at);
            var count = source.transferTo(at, Math.min(STEP, end - at), target);
            if (count <= 0) {
                throw new IOException("the file became shorter while it was copied");
            }
            at += count;
        }
    }
}
