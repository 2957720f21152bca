package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads an inode's extended attributes, from behind its fields and from its block. */
final class AttributeReader {
    private static final int BLOCK_HEADER = 32;
    private static final int ENTRY = 16;

    private final ImageLayout layout;
    private final long number;
    private final SortedMap<String, byte[]> found = new TreeMap<>();

    AttributeReader(ImageLayout layout, long number) {
        this.layout = layout;
        this.number = number;
    }

    SortedMap<String, byte[]> read(ByteBuffer inode) throws IOException {
        if (inode.limit() > 132) {
            var start = 128 + (inode.getShort(128) & 0xffff);
            if (start + 4 <= inode.limit() && inode.getInt(start) == Ext4.ATTRIBUTE_MAGIC) {
                entries(inode, start + 4, start + 4);
            }
        }
        var block = ImageLayout.unsigned(inode.getInt(104)) | (inode.getShort(118) & 0xffffL) << 32;
        if (block != 0) {
            var attributes = layout.block(block);
            if (attributes.getInt(0) != Ext4.ATTRIBUTE_MAGIC) {
                throw broken();
            }
            entries(attributes, BLOCK_HEADER, 0);
        }
        return found;
    }

    private void entries(ByteBuffer bytes, int start, int base) throws ImageReadException {
        for (var at = start; at + 4 <= bytes.limit() && bytes.getInt(at) != 0; ) {
            if (at + ENTRY > bytes.limit()) {
                throw broken();
            }
            var nameLength = bytes.get(at) & 0xff;
            var space = bytes.get(at + 1) & 0xff;
            var size = bytes.getInt(at + 8);
            var offset = base + (bytes.getShort(at + 2) & 0xffff);
            if (bytes.getInt(at + 4) != 0) {
                throw new ImageReadException("inode " + number + ": an extended attribute in an inode of its own");
            }
            if (at + ENTRY + nameLength > bytes.limit() || size < 0 || size > 0 && size > bytes.limit() - offset) {
                throw broken();
            }
            var name = new byte[nameLength];
            bytes.get(at + ENTRY, name);
            var value = new byte[size];
            if (size > 0) {
                bytes.get(offset, value);
            }
            add(space, new String(name, StandardCharsets.ISO_8859_1), value);
            at += ENTRY + (nameLength + 3 & ~3);
        }
    }

    private void add(int space, String name, byte[] value) throws ImageReadException {
        switch (space) {
            case 1 -> found.put("user." + name, value);
            case 2 -> found.put("system.posix_acl_access", lengthened(value));
            case 3 -> found.put("system.posix_acl_default", lengthened(value));
            case 4 -> found.put("trusted." + name, value);
            case 6 -> found.put("security." + name, value);
            case 7 -> found.put("system." + name, value);
            default -> throw broken();
        }
    }

    /** An access list in the form that programs see: each entry with an id. */
    private byte[] lengthened(byte[] value) throws ImageReadException {
        var list = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        var result = ByteBuffer.allocate(4 + value.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        if (value.length < 4 || list.getInt() != 1) {
            throw broken();
        }
        result.putInt(2);
        while (list.remaining() >= 4) {
            var tag = list.getShort();
            result.putShort(tag).putShort(list.getShort());
            var hasId = tag == AccessList.USER || tag == AccessList.GROUP;
            if (hasId && list.remaining() < 4) {
                throw broken();
            }
            result.putInt(hasId ? list.getInt() : -1);
        }
        var bytes = new byte[result.flip().limit()];
        result.get(bytes);
        return bytes;
    }

    private ImageReadException broken() {
        return new ImageReadException("inode " + number + ": extended attributes are broken");
    }
}
