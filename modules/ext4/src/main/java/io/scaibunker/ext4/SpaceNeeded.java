package io.scaibunker.ext4;

import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.MergedTree;
import io.scaibunker.layers.Name;
import io.scaibunker.layers.Node;
import java.io.IOException;

/**
 * How much room a tree needs as ext4, counted before anything is written. A little more than what is used in the end, never
 * much less; files count with their full size, holes and zeros too, for that is what a bunker may come to write.
 *
 * @param inodes to ask for, spare ones with them
 */
record SpaceNeeded(long contentBlocks, long inodes) {
    private static final int RESERVED_INODES = 11;
    private static final int LOST_AND_FOUND = 4;
    /** Room in an inode for extended attributes, roughly; what is more goes into a block. */
    private static final int XATTRS_INLINE = 60;

    private static final int SYMLINK_INLINE = 59;
    private static final int DESCRIPTOR = 64;
    /** One group's inode bitmap is one block. */
    private static final long INODES_IN_GROUP = Mke2fs.BLOCK * 8L - 64;

    static SpaceNeeded of(MergedTree tree) throws IOException {
        var count = new Count();
        tree.forEach(count::add);
        return new SpaceNeeded(count.blocks(), RESERVED_INODES + count.nodes + count.nodes / 32 + 16);
    }

    /** What the files alone come to, each with its full size and once, whatever its names. */
    static long fileBlocks(MergedTree tree) throws IOException {
        var sum = new long[1];
        tree.forEach(name -> {
            var node = name.node();
            if (node.kind() == EntryKind.FILE && node.firstName() == name) {
                sum[0] += (node.size() + Mke2fs.BLOCK - 1) / Mke2fs.BLOCK;
            }
        });
        return sum[0];
    }

    /** The smallest size in MiB that does. */
    long mib() {
        var mib = Math.max(ImageSpec.MIN_SIZE_MIB, (contentBlocks + inodeBlocks()) >> 8);
        while (!fits(mib)) {
            mib += Math.max(1, mib >> 9);
        }
        return mib;
    }

    boolean fits(long mib) {
        return contentBlocks + overhead(mib) <= mib << 8;
    }

    /** Blocks of a group, small enough that all inodes find room in the groups' inode bitmaps. */
    long blocksInGroup(long mib) {
        var least = inodes / INODES_IN_GROUP + 1;
        return Math.min(Mke2fs.BLOCKS_IN_GROUP, Math.max(256, (mib << 8) / least & ~7L));
    }

    private long inodeBlocks() {
        return inodes * Mke2fs.INODE / Mke2fs.BLOCK + 1;
    }

    private long overhead(long mib) {
        var groups = ((mib << 8) + blocksInGroup(mib) - 1) / blocksInGroup(mib);
        var descriptors = groups * DESCRIPTOR / Mke2fs.BLOCK + 1;
        // Backups stand in groups 0, 1 and the powers of 3, 5 and 7; rounding costs each group a block of inodes at
        // most.
        var backups = groups < 4 ? groups : 4 + 3 * (64 - Long.numberOfLeadingZeros(groups));
        return inodeBlocks() + groups * 3 + backups * (descriptors + 1) + LOST_AND_FOUND + 16;
    }

    private static final class Count {
        private long nodes;
        private long blocks;
        private long nameBytes;

        void add(Name name) {
            var node = name.node();
            nameBytes += 8 + (name.component().length() + 3 & ~3);
            if (node.firstName() == name) {
                nodes++;
                blocks += blocksOf(node);
            }
        }

        private static long blocksOf(Node node) {
            var own = switch (node.kind()) {
                case DIRECTORY -> 1;
                case SYMLINK -> node.linkTarget().length > SYMLINK_INLINE ? 1 : 0;
                default -> (node.size() + Mke2fs.BLOCK - 1) / Mke2fs.BLOCK;
            };
            return node.xattrBytes() > XATTRS_INLINE ? own + 1 : own;
        }

        /** A directory's blocks are seldom full to the last byte. */
        long blocks() {
            return blocks + nameBytes * 9 / 8 / Mke2fs.BLOCK;
        }
    }
}
