package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Writes what counts: the bitmaps, the groups' descriptors and the superblock. Bitmaps of groups without anything in them
 * are left to whoever needs them first, as is the part of inode tables that nobody used; the file stays sparse there.
 */
final class GroupWriter {
    private static final int INODE_UNINIT = 1;
    private static final int BLOCK_UNINIT = 2;
    private static final int ITABLE_ZEROED = 4;

    private static final int COMPAT_EXT_ATTR = 0x8;
    private static final int COMPAT_DIR_INDEX = 0x20;
    private static final int COMPAT_SPARSE_SUPER2 = 0x200;
    private static final int INCOMPAT_FILETYPE = 0x2;
    private static final int INCOMPAT_EXTENTS = 0x40;
    private static final int INCOMPAT_FLEX_BG = 0x200;
    private static final int RO_LARGE_FILE = 0x2;
    private static final int RO_HUGE_FILE = 0x8;
    private static final int RO_DIR_NLINK = 0x20;
    private static final int RO_EXTRA_ISIZE = 0x40;
    private static final int RO_METADATA_CSUM = 0x400;
    private static final int SUPERBLOCK = 1024;
    private static final int SIGNED_HASH = 1;

    private final FileChannel file;
    private final Geometry geometry;
    private final Checksums checksums;
    private final Identity identity;
    private final int madeAt;
    private final BitSet used;
    private final BitSet written;
    private final TreeWriter tree;
    private long freeBlocks;
    private long freeInodes;

    /**
     * @param madeAt seconds since 1970
     * @param used the blocks in use but for the first ones and those from the inode tables on
     * @param written is told of the blocks that are not holes
     */
    GroupWriter(
            FileChannel file,
            Geometry geometry,
            Checksums checksums,
            Identity identity,
            int madeAt,
            BitSet used,
            BitSet written,
            TreeWriter tree) {
        this.file = file;
        this.geometry = geometry;
        this.checksums = checksums;
        this.identity = identity;
        this.madeAt = madeAt;
        this.used = used;
        this.written = written;
        this.tree = tree;
    }

    void write() throws IOException {
        var descriptors = new byte[geometry.groups() * Ext4.DESCRIPTOR];
        used.set(0, 1 + Ext4.blocks(descriptors.length));
        written.set(0, 1 + Ext4.blocks(descriptors.length));
        used.set((int) geometry.tables(), (int) geometry.end());
        var blockBitmaps = new BlockStream(file, geometry.blockBitmaps(), geometry.blocks(), written);
        var inodeBitmaps = new BlockStream(file, geometry.inodeBitmaps(), geometry.blocks(), written);
        for (var group = 0; group < geometry.groups(); group++) {
            var descriptor = descriptor(group, blockBitmaps, inodeBitmaps);
            System.arraycopy(descriptor, 0, descriptors, group * Ext4.DESCRIPTOR, Ext4.DESCRIPTOR);
        }
        blockBitmaps.flush();
        inodeBitmaps.flush();
        BlockStream.writeFully(file, ByteBuffer.wrap(descriptors), Ext4.BLOCK);
        BlockStream.writeFully(file, ByteBuffer.wrap(superblock()), SUPERBLOCK);
    }

    private byte[] descriptor(int group, BlockStream blockBitmaps, BlockStream inodeBitmaps) throws IOException {
        var flags = ITABLE_ZEROED;
        var bytes = new byte[Ext4.DESCRIPTOR];
        var view = Ext4.view(bytes);
        view.putInt(0, (int) geometry.blockBitmaps() + group);
        view.putInt(4, (int) geometry.inodeBitmaps() + group);
        view.putInt(8, (int) geometry.tables() + group * geometry.tableBlocksInGroup());

        var start = (int) geometry.groupStart(group);
        var taken = used.get(start, start + geometry.blocksOf(group));
        var free = geometry.blocksOf(group) - taken.cardinality();
        // The last group's bitmap is always there, as it is with e2fsprogs.
        if (taken.isEmpty() && group < geometry.groups() - 1) {
            flags |= BLOCK_UNINIT;
            blockBitmaps.skip(1);
        } else {
            var bitmap = bitmap(taken, geometry.blocksOf(group));
            view.putShort(24, (short) checksums.of(bitmap, geometry.blocksInGroup() / 8));
            blockBitmaps.write(bitmap);
        }
        view.putShort(12, (short) free);
        freeBlocks += free;

        var firstInode = group * geometry.inodesInGroup() + 1;
        var inodes = Math.clamp(tree.lastInode() + 1L - firstInode, 0, geometry.inodesInGroup());
        if (inodes == 0) {
            flags |= INODE_UNINIT;
            inodeBitmaps.skip(1);
        } else {
            var all = new BitSet();
            all.set(0, inodes);
            var bitmap = bitmap(all, geometry.inodesInGroup());
            view.putShort(26, (short) checksums.of(bitmap, geometry.inodesInGroup() / 8));
            inodeBitmaps.write(bitmap);
        }
        view.putShort(14, (short) (geometry.inodesInGroup() - inodes));
        view.putShort(16, (short) tree.directories(firstInode, firstInode + inodes));
        view.putShort(28, (short) (geometry.inodesInGroup() - inodes));
        freeInodes += geometry.inodesInGroup() - inodes;
        view.putShort(18, (short) flags);
        view.putShort(30, (short) checksums.ofDescriptor(group, bytes));
        return bytes;
    }

    /** What lies behind the end counts as taken. */
    private static byte[] bitmap(BitSet taken, int length) {
        taken.set(length, Ext4.BITS);
        return Arrays.copyOf(taken.toByteArray(), Ext4.BLOCK);
    }

    private byte[] superblock() {
        var bytes = new byte[1024];
        var view = Ext4.view(bytes);
        view.putInt(0, geometry.inodes());
        view.putInt(4, (int) geometry.blocks());
        view.putInt(12, (int) freeBlocks);
        view.putInt(16, (int) freeInodes);
        view.putInt(24, Ext4.BLOCK_BITS - 10);
        view.putInt(28, Ext4.BLOCK_BITS - 10);
        view.putInt(32, geometry.blocksInGroup());
        view.putInt(36, geometry.blocksInGroup());
        view.putInt(40, geometry.inodesInGroup());
        view.putInt(48, madeAt);
        view.putShort(54, (short) -1);
        view.putShort(56, (short) Ext4.MAGIC);
        view.putShort(58, (short) 1);
        view.putShort(60, (short) 1);
        view.putInt(64, madeAt);
        view.putInt(76, 1);
        view.putInt(84, Ext4.FIRST_INODE);
        view.putShort(88, (short) Ext4.INODE);
        view.putInt(92, COMPAT_EXT_ATTR | COMPAT_DIR_INDEX | COMPAT_SPARSE_SUPER2);
        view.putInt(96, INCOMPAT_FILETYPE | INCOMPAT_EXTENTS | INCOMPAT_FLEX_BG);
        view.putInt(100, RO_LARGE_FILE | RO_HUGE_FILE | RO_DIR_NLINK | RO_EXTRA_ISIZE | RO_METADATA_CSUM);
        view.put(104, checksums.uuid());
        view.put(236, new Checksums(identity.hashSeed()).uuid());
        view.put(252, (byte) 1);
        // As mke2fs does: user attributes and access lists are on.
        view.putInt(256, 0xC);
        view.putInt(264, madeAt);
        view.putShort(348, (short) (Ext4.INODE_FIELDS - 128));
        view.putShort(350, (short) (Ext4.INODE_FIELDS - 128));
        view.putInt(352, SIGNED_HASH);
        // All groups are one flexible group, for their tables lie together.
        view.put(372, (byte) Math.max(4, 32 - Integer.numberOfLeadingZeros(geometry.groups() - 1)));
        view.put(373, (byte) 1);
        view.putInt(1020, checksums.unseeded(bytes, 1020));
        return bytes;
    }
}
