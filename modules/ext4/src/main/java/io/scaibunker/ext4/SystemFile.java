package io.scaibunker.ext4;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.Optional;

/** A file as the system's own calls see it: for its holes, of which Java knows nothing. For one thread. */
final class SystemFile implements AutoCloseable {
    static final int READ_ONLY = 0;
    static final int READ_WRITE = 2;

    private static final int CLOSE_ON_EXEC = 02000000;
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int NOTHING_BEHIND = 6;
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Optional<Calls> CALLS = Calls.find();

    private record Calls(MethodHandle open, MethodHandle fallocate, MethodHandle seek, MethodHandle close) {
        @SuppressWarnings("restricted")
        static Optional<Calls> find() {
            try {
                var linker = Linker.nativeLinker();
                var names = linker.defaultLookup();
                var variadic = Linker.Option.firstVariadicArg(2);
                return Optional.of(new Calls(
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
                                names.findOrThrow("lseek64"),
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_LONG,
                                        ValueLayout.JAVA_INT),
                                Linker.Option.captureCallState("errno")),
                        linker.downcallHandle(
                                names.findOrThrow("close"),
                                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))));
            } catch (IllegalCallerException | NoSuchElementException | UnsupportedOperationException none) {
                return Optional.empty();
            }
        }
    }

    private final Calls calls;
    private final int descriptor;

    private SystemFile(Calls calls, int descriptor) {
        this.calls = calls;
        this.descriptor = descriptor;
    }

    /** Empty where the file does not open, or this Java has no native access. */
    static Optional<SystemFile> open(Path file, int mode) {
        return CALLS.flatMap(calls -> {
            var descriptor = descriptor(calls, file, mode);
            return descriptor < 0 ? Optional.empty() : Optional.of(new SystemFile(calls, descriptor));
        });
    }

    private static int descriptor(Calls calls, Path file, int mode) {
        try (var arena = Arena.ofConfined()) {
            return (int) calls.open.invokeExact(arena.allocateFrom(file.toString()), mode | CLOSE_ON_EXEC);
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    /** Makes a part a hole; false where the file system has none. */
    boolean punch(long offset, long length) {
        try {
            return (int) calls.fallocate.invokeExact(descriptor, PUNCH_HOLE | KEEP_SIZE, offset, length) == 0;
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    /** Where data are at or behind {@code from}; {@code size} if nothing but a hole is. */
    long nextData(long from, long size) throws IOException {
        return seek(from, SEEK_DATA, size);
    }

    /** Where data that are at {@code from} end. */
    long nextHole(long from, long size) throws IOException {
        return seek(from, SEEK_HOLE, size);
    }

    private long seek(long from, int what, long size) throws IOException {
        long found;
        int error;
        try (var arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            found = (long) calls.seek.invokeExact(state, descriptor, from, what);
            error = (int) ERRNO.get(state, 0L);
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
        if (found < 0 && error != NOTHING_BEHIND) {
            throw new IOException("looking for holes failed with error " + error);
        }
        return found < 0 ? size : Math.min(found, size);
    }

    @Override
    public void close() {
        try {
            var result = (int) calls.close.invokeExact(descriptor);
            assert result <= 0;
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }
}
