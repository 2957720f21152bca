package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers of the format, as the native writer uses it and the reader meets it. */
final class Ext4 {
    static final int BLOCK = 4096;
    static final int BLOCK_BITS = 12;
    static final int INODE = 256;
    /** Of an inode, what lies before its extended attributes: 128 bytes of old and 32 of new fields. */
    static final int INODE_FIELDS = 160;

    static final int DESCRIPTOR = 32;
    /** One bitmap is one block. */
    static final int BITS = BLOCK * 8;

    static final int ROOT = 2;
    static final int FIRST_INODE = 11;
    static final int MAGIC = 0xEF53;

    static final int FLAG_INDEX = 0x1000;
    static final int FLAG_EXTENTS = 0x80000;

    static final int EXTENT_MAGIC = 0xF30A;
    static final int ATTRIBUTE_MAGIC = 0xEA020000;

    /** Names of one inode; a directory with more subdirectories shows a count of 1 instead. */
    static final int LINKS = 65_000;

    private Ext4() {}

    /** A view in the format's byte order. */
    static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static int blocks(long bytes) {
        return (int) ((bytes + BLOCK - 1) >> BLOCK_BITS);
    }
}
