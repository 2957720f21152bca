package io.scaibunker.ext4;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Turns parts of a file into holes. Java has no call for that, so the system's is called; where that fails (a file system
 * without holes, a Java without native access) zeros are written, which read the same.
 */
final class HolePuncher implements AutoCloseable {
    private static final int READ_WRITE = 2;
    private static final int CLOSE_ON_EXEC = 02000000;
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final Optional<System> SYSTEM = System.find();

    private record System(MethodHandle open, MethodHandle fallocate, MethodHandle close) {
        @SuppressWarnings("restricted")
        static Optional<System> find() {
            try {
                var linker = Linker.nativeLinker();
                var names = linker.defaultLookup();
                var variadic = Linker.Option.firstVariadicArg(2);
                return Optional.of(new System(
                        linker.downcallHandle(
                                names.findOrThrow("open"),
                                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                                variadic),
                        linker.downcallHandle(
                                names.findOrThrow("fallocate64"),
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_LONG)),
                        linker.downcallHandle(
                                names.findOrThrow("close"),
                                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))));
            } catch (IllegalCallerException | java.util.NoSuchElementException | UnsupportedOperationException none) {
                return Optional.empty();
            }
        }
    }

    private final FileChannel channel;
    private int descriptor;

    /** @param channel the same file, open for writing */
    HolePuncher(Path file, FileChannel channel) {
        this.channel = channel;
        this.descriptor = SYSTEM.map(system -> open(system, file)).orElse(-1);
    }

    private static int open(System system, Path file) {
        try (var arena = Arena.ofConfined()) {
            return (int) system.open.invokeExact(arena.allocateFrom(file.toString()), READ_WRITE | CLOSE_ON_EXEC);
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    void punch(long offset, long length) throws IOException {
        if (descriptor < 0 || !fallocated(offset, length)) {
            var zeros = ByteBuffer.allocate(256 << 10);
            for (long done = 0; done < length; done += zeros.limit()) {
                zeros.clear().limit((int) Math.min(zeros.capacity(), length - done));
                BlockStream.writeFully(channel, zeros, offset + done);
            }
        }
    }

    private boolean fallocated(long offset, long length) {
        try {
            return (int) SYSTEM.orElseThrow().fallocate.invokeExact(descriptor, PUNCH_HOLE | KEEP_SIZE, offset, length)
                    == 0;
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    @Override
    public void close() {
        if (descriptor >= 0) {
            try {
                var result = (int) SYSTEM.orElseThrow().close.invokeExact(descriptor);
                descriptor = result == 0 ? -1 : result;
            } catch (Throwable unexpected) {
                throw new IllegalStateException(unexpected);
            }
        }
    }
}
