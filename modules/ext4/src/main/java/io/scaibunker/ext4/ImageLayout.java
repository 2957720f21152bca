package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** What a superblock says, checked, and the reading of blocks and inodes by it. Everything in the file may be a lie. */
final class ImageLayout {
    private static final int SUPERBLOCK = 1024;
    private static final int LARGEST_BLOCK = 64 << 10;
    private static final int INCOMPAT_FILETYPE = 0x2;
    private static final int INCOMPAT_EXTENTS = 0x40;
    private static final int INCOMPAT_64BIT = 0x80;
    private static final int INCOMPAT_FLEX_BG = 0x200;
    private static final int INCOMPAT_EA_INODE = 0x400;
    private static final int INCOMPAT_CSUM_SEED = 0x2000;
    private static final int INCOMPAT_LARGEDIR = 0x4000;
    private static final int TAKEN = INCOMPAT_FILETYPE
            | INCOMPAT_EXTENTS
            | INCOMPAT_64BIT
            | INCOMPAT_FLEX_BG
            | INCOMPAT_EA_INODE
            | INCOMPAT_CSUM_SEED
            | INCOMPAT_LARGEDIR;

    private final FileChannel file;
    private final int blockBytes;
    private final long blocks;
    private final long inodes;
    private final long inodesInGroup;
    private final int inodeBytes;
    private final int descriptorBytes;
    private final long descriptors;

    ImageLayout(FileChannel file) throws IOException {
        this.file = file;
        var superblock = read(SUPERBLOCK, 1024);
        if ((superblock.getShort(56) & 0xffff) != Ext4.MAGIC) {
            throw new ImageReadException("no ext4: the magic number is missing");
        }
        var features = superblock.getInt(96);
        if ((features & INCOMPAT_FILETYPE) == 0 || (features & ~TAKEN) != 0) {
            throw new ImageReadException("ext4 with features that are not taken: " + Integer.toHexString(features));
        }
        var logBlock = superblock.getInt(24);
        if (logBlock < 0 || 1024L << Math.min(logBlock, 20) > LARGEST_BLOCK) {
            throw new ImageReadException("blocks of 2^" + (10L + logBlock) + " bytes");
        }
        blockBytes = 1024 << logBlock;
        var wide = (features & INCOMPAT_64BIT) != 0;
        blocks = unsigned(superblock.getInt(4)) | (wide ? unsigned(superblock.getInt(336)) << 32 : 0);
        inodes = unsigned(superblock.getInt(0));
        inodesInGroup = unsigned(superblock.getInt(40));
        inodeBytes = superblock.getInt(76) == 0 ? 128 : superblock.getShort(88) & 0xffff;
        descriptorBytes = wide ? superblock.getShort(254) & 0xffff : Ext4.DESCRIPTOR;
        descriptors = (unsigned(superblock.getInt(20)) + 1) * blockBytes;
        if (blocks > file.size() / blockBytes
                || inodesInGroup == 0
                || inodeBytes < 128
                || inodeBytes > blockBytes
                || descriptorBytes < (wide ? 64 : Ext4.DESCRIPTOR)) {
            throw new ImageReadException("the superblock's numbers do not fit together");
        }
    }

    int blockBytes() {
        return blockBytes;
    }

    long inodes() {
        return inodes;
    }

    /** The raw inode, all bytes of it. */
    ByteBuffer inode(long number) throws IOException {
        if (number < 1 || number > inodes) {
            throw new ImageReadException("no inode " + number);
        }
        var group = (number - 1) / inodesInGroup;
        var descriptor = read(descriptors + group * descriptorBytes, descriptorBytes);
        var table =
                unsigned(descriptor.getInt(8)) | (descriptorBytes >= 64 ? unsigned(descriptor.getInt(40)) << 32 : 0);
        checkBlock(table);
        return read(table * blockBytes + (number - 1) % inodesInGroup * inodeBytes, inodeBytes);
    }

    /** @throws ImageReadException for a number that is no block's */
    void checkBlock(long number) throws ImageReadException {
        if (number <= 0 || number >= blocks) {
            throw new ImageReadException("no block " + number);
        }
    }

    ByteBuffer block(long number) throws IOException {
        checkBlock(number);
        return read(number * blockBytes, blockBytes);
    }

    /** Fills the target from a place that was checked to lie in a block. */
    void read(ByteBuffer target, long offset) throws IOException {
        for (var at = offset; target.hasRemaining(); ) {
            var count = file.read(target, at);
            if (count < 0) {
                throw new ImageReadException("the file ends early, at byte " + at);
            }
            at += count;
        }
    }

    private ByteBuffer read(long offset, int length) throws IOException {
        var result = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        read(result, offset);
        return result.flip();
    }

    static long unsigned(int value) {
        return Integer.toUnsignedLong(value);
    }
}
