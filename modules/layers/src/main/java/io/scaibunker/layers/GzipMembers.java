package io.scaibunker.layers;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.ZipException;

/**
 * Gzip, all members of it. Layers come in several members from parallel compressors and from lazily pulled formats, and some
 * end in zero padding. {@link java.util.zip.GZIPInputStream} stops after the first member whenever its source says that
 * nothing is available just now, and takes any garbage behind it for the end.
 */
final class GzipMembers extends InputStream {
    private static final int HEADER_CRC = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;

    private final InputStream source;
    private final MemberInflater inflater;
    private final CRC32 checksum = new CRC32();
    private final byte[] buffer = new byte[256 << 10];
    private int position;
    private int limit;
    private boolean ended;
    private boolean closed;
    private byte[] surplus = {};
    private int surplusAt;

    GzipMembers(InputStream source) throws IOException {
        this(source, MemberInflater.create());
    }

    GzipMembers(InputStream source, MemberInflater inflater) throws IOException {
        this.source = source;
        this.inflater = inflater;
        try {
            readHeader();
        } catch (IOException | RuntimeException problem) {
            inflater.close();
            throw problem;
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        try {
            while (!ended) {
                var count = inflater.inflate(target, offset, length);
                if (count > 0) {
                    checksum.update(target, offset, count);
                    return count;
                }
                if (inflater.ended()) {
                    endMember();
                } else {
                    feed();
                }
            }
            return -1;
        } catch (DataFormatException broken) {
            throw new ZipException("gzip: " + broken.getMessage());
        }
    }

    private void feed() throws IOException {
        if (!fill()) {
            throw new EOFException("gzip ends early");
        }
        inflater.input(buffer, position, limit - position);
        position = limit;
    }

    private void endMember() throws IOException {
        position = limit - inflater.left();
        surplus = inflater.surplus();
        surplusAt = 0;
        var expectedChecksum = readLittleEndian();
        var expectedLength = readLittleEndian();
        if (expectedChecksum != checksum.getValue() || expectedLength != (inflater.written() & 0xffffffffL)) {
            throw new ZipException("gzip checksum or length is wrong");
        }
        var next = skipPadding();
        if (next < 0) {
            ended = true;
            return;
        }
        readHeader(next);
    }

    /** Skips zero bytes; gives the first other one, or -1 at the end. */
    private int skipPadding() throws IOException {
        var next = 0;
        while (next == 0) {
            next = surplusAt < surplus.length || fill() ? readByte() : -1;
        }
        return next;
    }

    private void readHeader() throws IOException {
        readHeader(readByte());
    }

    private void readHeader(int first) throws IOException {
        if (first != 0x1f || readByte() != 0x8b || readByte() != 8) {
            throw new ZipException("gzip header is wrong, or there is garbage behind the last member");
        }
        var flags = readByte();
        skip(6);
        if ((flags & EXTRA) != 0) {
            skip(readByte() | readByte() << 8);
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if ((flags & HEADER_CRC) != 0) {
            skip(2);
        }
        inflater.restart();
        checksum.reset();
        inflater.input(buffer, position, limit - position);
        position = limit;
    }

    private void skip(int count) throws IOException {
        for (var left = count; left > 0; left--) {
            readByte();
        }
    }

    private void skipText() throws IOException {
        while (readByte() != 0) {
            continue;
        }
    }

    private long readLittleEndian() throws IOException {
        return readByte() | readByte() << 8 | readByte() << 16 | (long) readByte() << 24;
    }

    private int readByte() throws IOException {
        if (surplusAt < surplus.length) {
            return surplus[surplusAt++] & 0xff;
        }
        if (!fill()) {
            throw new EOFException("gzip ends early");
        }
        return buffer[position++] & 0xff;
    }

    private boolean fill() throws IOException {
        while (position == limit) {
            var count = source.read(buffer);
            if (count < 0) {
                return false;
            }
            position = 0;
            limit = count;
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            inflater.close();
        }
        source.close();
    }
}
