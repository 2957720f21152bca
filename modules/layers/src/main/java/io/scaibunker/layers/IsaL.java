package io.scaibunker.layers;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.zip.DataFormatException;

/**
 * Intel's ISA-L, more than twice as fast as the JDK's inflater, where the host has it (Debian package libisal2). Only the
 * head of its state is touched, which is the same in all versions; checksums are the caller's.
 *
 * <p>Not for several threads.
 */
final class IsaL implements MemberInflater {
    private static final String LIBRARY = "libisal.so.2";
    /** {@code -Dscaibunker.isal=off}: the JDK's inflater even where the library is, as to compare or to rule it out. */
    private static final String SWITCH = "scaibunker.isal";

    /** The state has 87,368 bytes in version 2.30. */
    private static final long STATE = 256 << 10;

    private static final int BUFFER = 256 << 10;
    private static final long NEXT_OUT = 0;
    private static final long AVAIL_OUT = 8;
    private static final long NEXT_IN = 16;
    private static final long AVAIL_IN = 32;
    private static final long READ_IN = 24;
    private static final long READ_IN_BITS = 36;
    private static final Optional<Library> LIBRARY_HERE = Library.find();

    private record Library(MethodHandle init, MethodHandle inflate) {
        @SuppressWarnings("restricted")
        static Optional<Library> find() {
            var log = System.getLogger(IsaL.class.getName());
            if (System.getProperty(SWITCH, "on").equals("off")) {
                log.log(Level.INFO, "gzip layers are inflated by the JDK, for ISA-L is switched off");
                return Optional.empty();
            }
            try {
                var names = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
                var linker = Linker.nativeLinker();
                var library = new Library(
                        linker.downcallHandle(
                                names.findOrThrow("isal_inflate_init"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS)),
                        linker.downcallHandle(
                                names.findOrThrow("isal_inflate"),
                                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS)));
                log.log(Level.INFO, "gzip layers are inflated by ISA-L, " + LIBRARY);
                return Optional.of(library);
            } catch (IllegalArgumentException
                    | IllegalCallerException
                    | UnsupportedOperationException
                    | java.util.NoSuchElementException none) {
                log.log(Level.INFO, "gzip layers are inflated by the JDK; libisal2 would be faster");
                return Optional.empty();
            }
        }
    }

    private final Library library = LIBRARY_HERE.orElseThrow();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = arena.allocate(STATE, 64);
    private final MemorySegment in = arena.allocate(BUFFER, 64);
    private final MemorySegment out = arena.allocate(BUFFER, 64);
    private int outFrom;
    private int outTo;
    private boolean finished;
    private boolean more;
    private long written;
    private byte[] source = {};
    private int sourceFrom;
    private int sourceTo;

    IsaL() {
        restart();
    }

    static boolean isHere() {
        return LIBRARY_HERE.isPresent();
    }

    @Override
    public void restart() {
        try {
            library.init.invokeExact(state);
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
        finished = false;
        more = false;
        written = 0;
        outFrom = 0;
        outTo = 0;
    }

    @Override
    public void input(byte[] bytes, int offset, int length) {
        source = bytes;
        sourceFrom = offset;
        sourceTo = offset + length;
        feed();
    }

    private void feed() {
        var count = Math.min(BUFFER, sourceTo - sourceFrom);
        MemorySegment.copy(source, sourceFrom, in, ValueLayout.JAVA_BYTE, 0, count);
        sourceFrom += count;
        state.set(ValueLayout.ADDRESS, NEXT_IN, in);
        state.set(ValueLayout.JAVA_INT, AVAIL_IN, count);
    }

    @Override
    public int inflate(byte[] target, int offset, int length) throws DataFormatException {
        while (outFrom == outTo) {
            if (state.get(ValueLayout.JAVA_INT, AVAIL_IN) == 0 && sourceFrom < sourceTo) {
                feed();
            }
            if (finished || state.get(ValueLayout.JAVA_INT, AVAIL_IN) == 0 && !more) {
                return 0;
            }
            step();
        }
        var count = Math.min(length, outTo - outFrom);
        MemorySegment.copy(out, ValueLayout.JAVA_BYTE, outFrom, target, offset, count);
        outFrom += count;
        written += count;
        return count;
    }

    /** The stream has ended where there is room for output and input, and yet neither is used. */
    private void step() throws DataFormatException {
        state.set(ValueLayout.ADDRESS, NEXT_OUT, out);
        state.set(ValueLayout.JAVA_INT, AVAIL_OUT, BUFFER);
        int code;
        try {
            code = (int) library.inflate.invokeExact(state);
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
        if (code < 0) {
            throw new DataFormatException("invalid deflate data (ISA-L " + code + ")");
        }
        outFrom = 0;
        outTo = BUFFER - state.get(ValueLayout.JAVA_INT, AVAIL_OUT);
        // A full buffer may mean that there is more without any further input.
        more = outTo == BUFFER;
        finished = outTo < BUFFER && state.get(ValueLayout.JAVA_INT, AVAIL_IN) > 0;
    }

    @Override
    public boolean ended() {
        return finished && outFrom == outTo;
    }

    @Override
    public int left() {
        return state.get(ValueLayout.JAVA_INT, AVAIL_IN) + sourceTo - sourceFrom;
    }

    /** Whole bytes in the library's bit buffer. */
    @Override
    public byte[] surplus() {
        var bits = state.get(ValueLayout.JAVA_INT, READ_IN_BITS);
        var value = state.get(ValueLayout.JAVA_LONG, READ_IN) >>> bits % 8;
        var bytes = new byte[bits / 8];
        for (var index = 0; index < bytes.length; index++) {
            bytes[index] = (byte) (value >>> 8 * index);
        }
        return bytes;
    }

    @Override
    public long written() {
        return written;
    }

    @Override
    public void close() {
        arena.close();
    }
}
