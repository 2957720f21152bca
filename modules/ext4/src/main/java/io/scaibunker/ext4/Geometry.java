package io.scaibunker.ext4;

/**
 * Where all but the data lies. From the start: the superblock, the room of the group descriptors, always the same; the
 * segments; what belongs to single inodes ("the tree": directories, long links, extents, attributes); and then, for all
 * groups together, inode tables, block bitmaps and inode bitmaps. Blocks behind those are free.
 *
 * @param blocks of the file system
 * @param blocksInGroup fewer than usual where so many inodes need more groups
 * @param tables first block of the inode tables
 */
record Geometry(long blocks, int blocksInGroup, int groups, int inodesInGroup, long tables) {
    /** Room for the descriptors of 1 TiB, so that the first segment starts at the same block in each image. */
    static final int FIRST_DATA = 65;

    private static final int INODES_IN_BLOCK = Ext4.BLOCK / Ext4.INODE;
    /** Blocks for each inode that mke2fs would make by itself: 16 KiB. */
    private static final int BLOCKS_FOR_INODE = 4;

    private static final int LEAST_GROUP = 256;

    /**
     * @param blocks of the file system
     * @param treeEnd first block behind the tree
     * @param inodes the highest inode in use
     */
    static Geometry of(long blocks, long treeEnd, int inodes) {
        var least = (inodes + Ext4.BITS - 1) / Ext4.BITS;
        var inGroup = (int) Math.max(LEAST_GROUP, Math.min(Ext4.BITS, blocks / least & ~7L));
        var groups = (int) ((blocks + inGroup - 1) / inGroup);
        var tight = new Geometry(blocks, inGroup, groups, inodesInGroup(inodes, groups), treeEnd);
        // Spare inodes take an eighth of what is free at most.
        var free = Math.max(0, blocks - tight.end());
        var wanted = Math.max(inodes, Math.min(blocks / BLOCKS_FOR_INODE, inodes + free / 8 * INODES_IN_BLOCK));
        var wide = new Geometry(blocks, inGroup, groups, inodesInGroup(wanted, groups), treeEnd);
        return wide.fits() ? wide : tight;
    }

    private static int inodesInGroup(long inodes, int groups) {
        var each = (inodes + groups - 1) / groups;
        return (int) Math.min(Ext4.BITS, (each + INODES_IN_BLOCK - 1) / INODES_IN_BLOCK * INODES_IN_BLOCK);
    }

    /** The smallest size in MiB that does. */
    static long mib(long treeEnd, int inodes) {
        var mib = Math.max(ImageSpec.MIN_SIZE_MIB, treeEnd >> 8);
        while (!of(mib << 8, treeEnd, inodes).fits()) {
            mib += Math.max(1, mib >> 9);
        }
        return mib;
    }

    boolean fits() {
        return end() <= blocks;
    }

    int tableBlocksInGroup() {
        return inodesInGroup / INODES_IN_BLOCK;
    }

    long blockBitmaps() {
        return tables + (long) groups * tableBlocksInGroup();
    }

    long inodeBitmaps() {
        return blockBitmaps() + groups;
    }

    /** First block behind all that is in use. */
    long end() {
        return inodeBitmaps() + groups;
    }

    int inodes() {
        return groups * inodesInGroup;
    }

    long groupStart(int group) {
        return (long) group * blocksInGroup;
    }

    /** Blocks of a group; the last one may have fewer. */
    int blocksOf(int group) {
        return (int) Math.min(blocksInGroup, blocks - groupStart(group));
    }
}
