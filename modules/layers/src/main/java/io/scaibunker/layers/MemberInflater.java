package io.scaibunker.layers;

import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Inflates one raw deflate stream after the other. */
interface MemberInflater extends AutoCloseable {
    /** What to read next; the array is not changed until all of it was taken. */
    void input(byte[] bytes, int offset, int length);

    /** Inflates; 0 if more input is needed or the stream has ended. */
    int inflate(byte[] target, int offset, int length) throws DataFormatException;

    boolean ended();

    /** At the end of a stream: bytes of the input that were not taken. */
    int left();

    /** At the end of a stream: bytes that were taken too much. They come before those that were not taken. */
    byte[] surplus();

    /** Bytes that came out of this stream. */
    long written();

    /** The next stream. */
    void restart();

    @Override
    void close();

    /** The fastest one that there is. */
    static MemberInflater create() {
        return IsaL.isHere() ? new IsaL() : new Jdk();
    }

    /** What every Java has. */
    final class Jdk implements MemberInflater {
        private final Inflater inflater = new Inflater(true);

        @Override
        public void input(byte[] bytes, int offset, int length) {
            inflater.setInput(bytes, offset, length);
        }

        @Override
        public int inflate(byte[] target, int offset, int length) throws DataFormatException {
            var count = inflater.inflate(target, offset, length);
            if (count == 0 && inflater.needsDictionary()) {
                throw new DataFormatException("asks for a dictionary");
            }
            return count;
        }

        @Override
        public boolean ended() {
            return inflater.finished();
        }

        @Override
        public int left() {
            return inflater.getRemaining();
        }

        @Override
        public byte[] surplus() {
            return new byte[0];
        }

        @Override
        public long written() {
            return inflater.getBytesWritten();
        }

        @Override
        public void restart() {
            inflater.reset();
        }

        @Override
        public void close() {
            inflater.end();
        }
    }
}
