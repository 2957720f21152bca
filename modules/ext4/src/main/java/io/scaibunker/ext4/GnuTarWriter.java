package io.scaibunker.ext4;

import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.Node;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes the merged tree as a tar for GNU tar, in that program's own format: its long names are bytes that nobody decodes,
 * unlike PAX ones, and its numbers have 64 bits. No extended attributes and whole seconds only; {@link Amendments} has them.
 */
final class GnuTarWriter {
    private static final int BLOCK = 512;
    private static final int NAME = 100;
    /** Beyond the year 9999 nothing is gained, and tar stops at numbers it cannot print. */
    private static final long LATEST = 253_402_300_799L;

    private final OutputStream out;
    private final byte[] buffer = new byte[256 << 10];

    GnuTarWriter(OutputStream out) {
        this.out = out;
    }

    /** A directory, a symbolic link, a device or a fifo. */
    void add(EntryPath path, Node node) throws IOException {
        write(path.bytes(), type(node.kind()), node, 0, node.linkTarget());
    }

    /** A file; its content must have exactly the size that the node says. */
    void addFile(EntryPath path, Node node, InputStream content) throws IOException {
        write(path.bytes(), '0', node, node.size(), new byte[0]);
        long left = node.size();
        while (left > 0) {
            var count = content.readNBytes(buffer, 0, (int) Math.min(left, buffer.length));
            if (count == 0) {
                throw new IOException("content of " + path + " has changed since it was read first");
            }
            out.write(buffer, 0, count);
            left -= count;
        }
        out.write(new byte[(int) (-node.size() & BLOCK - 1)]);
    }

    /** One more name for a file that was written before. */
    void addHardLink(EntryPath path, EntryPath target, Node node) throws IOException {
        write(path.bytes(), '1', node, 0, target.bytes());
    }

    /** Writes the end. */
    void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private static char type(EntryKind kind) {
        return switch (kind) {
            case SYMLINK -> '2';
            case CHAR_DEVICE -> '3';
            case BLOCK_DEVICE -> '4';
            case DIRECTORY -> '5';
            case FIFO -> '6';
            case FILE, HARDLINK, WHITEOUT, OPAQUE -> throw new IllegalArgumentException("not a node: " + kind);
        };
    }

    private void write(byte[] name, char type, Node node, long size, byte[] target) throws IOException {
        if (target.length > NAME) {
            writeLong('K', target);
        }
        if (name.length > NAME) {
            writeLong('L', name);
        }
        var header = new byte[BLOCK];
        put(header, 0, Arrays.copyOf(name, Math.min(name.length, NAME)));
        number(header, 100, 8, writtenMode(node));
        number(header, 108, 8, node.uid());
        number(header, 116, 8, node.gid());
        number(header, 124, 12, size);
        number(header, 136, 12, Math.min(node.mtimeSeconds(), LATEST));
        put(header, 157, Arrays.copyOf(target, Math.min(target.length, NAME)));
        number(header, 329, 8, node.deviceMajor());
        number(header, 337, 8, node.deviceMinor());
        finish(header, type);
    }

    /**
     * The mode with what an ordinary user needs to read his own files again, which fakeroot does not always grant.
     * Where that differs from the node's own, {@link Amendments} sets the right one in the image.
     */
    static int writtenMode(Node node) {
        return switch (node.kind()) {
            case FILE -> node.mode() | 0400;
            case DIRECTORY -> node.mode() | 0700;
            default -> node.mode();
        };
    }

    private void writeLong(char type, byte[] text) throws IOException {
        var header = new byte[BLOCK];
        put(header, 0, "././@LongLink".getBytes(StandardCharsets.US_ASCII));
        number(header, 100, 8, 0);
        number(header, 108, 8, 0);
        number(header, 116, 8, 0);
        number(header, 124, 12, text.length + 1L);
        number(header, 136, 12, 0);
        finish(header, type);
        // A zero ends the text, more of them fill the block.
        out.write(Arrays.copyOf(text, (text.length + BLOCK) / BLOCK * BLOCK));
    }

    private void finish(byte[] header, char type) throws IOException {
        put(header, 257, "ustar  ".getBytes(StandardCharsets.US_ASCII));
        seal(header, type);
        out.write(header);
    }

    /** The type, and the checksum over all that a header says. */
    static void seal(byte[] header, char type) {
        header[156] = (byte) type;
        Arrays.fill(header, 148, 156, (byte) ' ');
        var sum = 0;
        for (var one : header) {
            sum += one & 0xff;
        }
        number(header, 148, 7, sum);
    }

    static void put(byte[] header, int offset, byte[] text) {
        System.arraycopy(text, 0, header, offset, text.length);
    }

    /** Octal with a zero behind it, or binary where that does not hold the number. */
    static void number(byte[] header, int offset, int length, long value) {
        var octal = Long.toOctalString(value);
        if (value >= 0 && octal.length() < length) {
            put(header, offset, ("0".repeat(length - 1 - octal.length()) + octal).getBytes(StandardCharsets.US_ASCII));
            return;
        }
        var rest = value;
        for (var index = offset + length - 1; index >= offset; index--) {
            header[index] = (byte) rest;
            rest >>= 8;
        }
        header[offset] |= (byte) 0x80;
    }
}
