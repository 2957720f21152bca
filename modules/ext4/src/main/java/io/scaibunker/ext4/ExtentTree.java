package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The map of a file's blocks: up to four extents in the inode, else a tree of blocks above them.
 *
 * @param root the 60 bytes in the inode
 * @param blocks the tree's blocks, in the order of their numbers
 */
record ExtentTree(byte[] root, List<byte[]> blocks) {
    /** Some blocks of a file that lie one behind the other. */
    record Extent(long logical, long physical, int length) {}

    /** Blocks of one extent. */
    static final int LONGEST = 32_768;

    static final int ROOT_BYTES = 60;
    private static final int HEADER = 12;
    private static final int ENTRY = 12;
    private static final int IN_ROOT = 4;
    private static final int IN_BLOCK = (Ext4.BLOCK - HEADER - 4) / ENTRY;

    /** How many blocks a tree of so many extents takes. */
    static int blocksFor(int extents) {
        var sum = 0;
        for (var level = extents; level > IN_ROOT; ) {
            level = (level + IN_BLOCK - 1) / IN_BLOCK;
            sum += level;
        }
        return sum;
    }

    /** The tree whose blocks lie from {@code firstBlock} on, the leaves first. */
    static ExtentTree of(List<Extent> extents, int inode, long firstBlock, Checksums checksums) {
        var blocks = new ArrayList<byte[]>();
        var level = extents;
        var depth = 0;
        while (level.size() > IN_ROOT) {
            var above = new ArrayList<Extent>();
            for (var start = 0; start < level.size(); start += IN_BLOCK) {
                var part = level.subList(start, Math.min(start + IN_BLOCK, level.size()));
                var block = new byte[Ext4.BLOCK];
                fill(Ext4.view(block), part, IN_BLOCK, depth);
                var end = HEADER + IN_BLOCK * ENTRY;
                Ext4.view(block).putInt(end, checksums.ofInode(inode, block, end));
                above.add(new Extent(part.getFirst().logical(), firstBlock + blocks.size(), 0));
                blocks.add(block);
            }
            level = above;
            depth++;
        }
        var root = new byte[ROOT_BYTES];
        fill(Ext4.view(root), level, IN_ROOT, depth);
        return new ExtentTree(root, blocks);
    }

    private static void fill(ByteBuffer node, List<Extent> entries, int room, int depth) {
        node.putShort((short) Ext4.EXTENT_MAGIC);
        node.putShort((short) entries.size());
        node.putShort((short) room);
        node.putShort((short) depth);
        node.putInt(0);
        for (var entry : entries) {
            node.putInt((int) entry.logical());
            if (depth == 0) {
                node.putShort((short) entry.length());
                node.putShort((short) (entry.physical() >>> 32));
                node.putInt((int) entry.physical());
            } else {
                node.putInt((int) entry.physical());
                node.putInt((int) (entry.physical() >>> 32));
            }
        }
    }
}
