package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.util.Arrays;

/** One 512-byte header of a tar, its fields still as they lie there. */
final class TarHeader {
    private static final int CHECKSUM = 148;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;
    private static final int PREFIX_LENGTH = 155;

    private final byte[] block;

    private TarHeader(byte[] block) {
        this.block = block;
    }

    /** Checks the checksum; {@code place} is for the message. */
    static TarHeader of(byte[] block, String place) throws LayerException {
        var header = new TarHeader(block);
        if (!header.checksumFits()) {
            throw new LayerException(Reason.CORRUPT, "tar header with a wrong checksum, " + place);
        }
        return header;
    }

    /** A block that holds numbers as a header does, and no checksum. */
    static TarHeader unchecked(byte[] block) {
        return new TarHeader(block);
    }

    /** True if the block calls itself a tar header, whatever its checksum. */
    static boolean hasMagic(byte[] block) {
        return block[MAGIC] == 'u'
                && block[MAGIC + 1] == 's'
                && block[MAGIC + 2] == 't'
                && block[MAGIC + 3] == 'a'
                && block[MAGIC + 4] == 'r';
    }

    private boolean checksumFits() {
        long unsigned = 0;
        long signed = 0;
        for (var index = 0; index < TarInput.BLOCK; index++) {
            var inChecksum = index >= CHECKSUM && index < CHECKSUM + CHECKSUM_LENGTH;
            var value = inChecksum ? (byte) ' ' : block[index];
            unsigned += value & 0xff;
            // Some old tars summed up signed characters.
            signed += value;
        }
        try {
            var stated = number(CHECKSUM, CHECKSUM_LENGTH, "checksum");
            return stated == unsigned || stated == signed;
        } catch (LayerException noNumber) {
            return false;
        }
    }

    /** The type flag; an old tar's zero is a file's {@code '0'}. */
    char type() {
        var type = (char) (block[156] & 0xff);
        return type == 0 ? '0' : type;
    }

    byte[] name() {
        var name = text(0, 100);
        // GNU tar keeps other things where POSIX has the prefix.
        var posix = hasMagic(block) && block[MAGIC + 5] == 0;
        if (!posix || block[PREFIX] == 0) {
            return name;
        }
        var prefix = text(PREFIX, PREFIX_LENGTH);
        var joined = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
        joined[prefix.length] = '/';
        System.arraycopy(name, 0, joined, prefix.length + 1, name.length);
        return joined;
    }

    byte[] linkName() {
        return text(157, 100);
    }

    long mode() throws LayerException {
        return number(100, 8, "mode");
    }

    long uid() throws LayerException {
        return number(108, 8, "uid");
    }

    long gid() throws LayerException {
        return number(116, 8, "gid");
    }

    long size() throws LayerException {
        return number(124, 12, "size");
    }

    long mtime() throws LayerException {
        return number(136, 12, "mtime");
    }

    long deviceMajor() throws LayerException {
        return hasMagic(block) ? number(329, 8, "device number") : 0;
    }

    long deviceMinor() throws LayerException {
        return hasMagic(block) ? number(337, 8, "device number") : 0;
    }

    private byte[] text(int offset, int length) {
        var end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(block, offset, end);
    }

    /** A number, octal or in GNU's base-256 form for what octal cannot hold. */
    long number(int offset, int length, String field) throws LayerException {
        return (block[offset] & 0x80) != 0 ? binary(offset, length, field) : octal(offset, length, field);
    }

    private long binary(int offset, int length, String field) throws LayerException {
        var negative = (block[offset] & 0x40) != 0;
        // The sign's bit is the second one; the first only says that the number is binary.
        long value = negative ? (block[offset] | 0x80) : block[offset] & 0x3f;
        for (var index = offset + 1; index < offset + length; index++) {
            if (value > Long.MAX_VALUE >> 8 || value < Long.MIN_VALUE >> 8) {
                throw bad(field);
            }
            value = value << 8 | block[index] & 0xff;
        }
        return value;
    }

    private long octal(int offset, int length, String field) throws LayerException {
        var end = offset + length;
        var index = offset;
        while (index < end && (block[index] == ' ' || block[index] == 0)) {
            index++;
        }
        long value = 0;
        for (; index < end && block[index] != ' ' && block[index] != 0; index++) {
            if (block[index] < '0' || block[index] > '7') {
                throw bad(field);
            }
            value = value << 3 | block[index] - '0';
        }
        return value;
    }

    private LayerException bad(String field) {
        return new LayerException(Reason.CORRUPT, EntryPath.show(name()) + ": " + field + " is no number that can be");
    }
}
