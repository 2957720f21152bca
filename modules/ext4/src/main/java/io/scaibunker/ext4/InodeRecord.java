package io.scaibunker.ext4;

import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.Node;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** One inode's 256 bytes, used for one after the other: {@link #begin}, what applies, {@link #end}, {@link #copyTo}. */
final class InodeRecord {
    private static final int MAP = 40;
    private static final int MODERN_BYTES = Ext4.INODE_FIELDS - 128;
    /** Times have 34 bits for seconds, the lower 32 of them signed. */
    private static final long EARLIEST = Integer.MIN_VALUE;

    private static final long LATEST = EARLIEST + (1L << 34) - 1;
    private static final int SECTORS = Ext4.BLOCK / 512;

    private final Checksums checksums;
    private final long madeAt;
    private final byte[] bytes = new byte[Ext4.INODE];
    private final ByteBuffer view = Ext4.view(bytes);
    private long blocks;

    /** @param madeAt the time at which all inodes say they were made, seconds since 1970 */
    InodeRecord(Checksums checksums, long madeAt) {
        this.checksums = checksums;
        this.madeAt = madeAt;
    }

    void begin(Node node) {
        Arrays.fill(bytes, (byte) 0);
        blocks = 0;
        view.putShort(0, (short) (type(node.kind()) | node.mode()));
        view.putShort(2, (short) node.uid());
        view.putShort(120, (short) (node.uid() >>> 16));
        view.putShort(24, (short) node.gid());
        view.putShort(122, (short) (node.gid() >>> 16));
        view.putShort(128, (short) MODERN_BYTES);
        time(8, 140, node.mtimeSeconds(), node.mtimeNanos());
        time(12, 132, node.mtimeSeconds(), node.mtimeNanos());
        time(16, 136, node.mtimeSeconds(), node.mtimeNanos());
        time(144, 148, madeAt, 0);
    }

    private static int type(EntryKind kind) {
        return switch (kind) {
            case FILE -> 0100000;
            case DIRECTORY -> 0040000;
            case SYMLINK -> 0120000;
            case CHAR_DEVICE -> 0020000;
            case BLOCK_DEVICE -> 0060000;
            case FIFO -> 0010000;
            case HARDLINK, WHITEOUT, OPAQUE -> throw new IllegalStateException("no inode is a " + kind);
        };
    }

    private void time(int offset, int extraOffset, long seconds, int nanos) {
        var kept = Math.clamp(seconds, EARLIEST, LATEST);
        var epoch = (int) (kept - (int) kept >> 32) & 3;
        view.putInt(offset, (int) kept);
        view.putInt(extraOffset, nanos << 2 | epoch);
    }

    void links(int count) {
        view.putShort(26, (short) count);
    }

    void size(long size) {
        view.putInt(4, (int) size);
        view.putInt(108, (int) (size >>> 32));
    }

    void directory(int blockCount) {
        size((long) blockCount << Ext4.BLOCK_BITS);
        flag(DirectoryBlocks.isIndexed(blockCount) ? Ext4.FLAG_INDEX : 0);
    }

    /** @param block that has more of them, or 0 */
    void attributes(byte[] inInode, long block) {
        view.put(Ext4.INODE_FIELDS, inInode);
        view.putInt(104, (int) block);
        view.putShort(118, (short) (block >>> 32));
        blocks += block == 0 ? 0 : 1;
    }

    /** The root of the extents, and how many blocks they take, those of their tree counted. */
    void map(byte[] root, long blockCount) {
        view.put(MAP, root);
        flag(Ext4.FLAG_EXTENTS);
        blocks += blockCount;
    }

    /** The text of a short symbolic link. */
    void inline(byte[] text) {
        view.put(MAP, text);
    }

    void device(int major, int minor) {
        if (major < 256 && minor < 256) {
            view.putInt(MAP, major << 8 | minor);
        } else {
            view.putInt(MAP + 4, minor & 0xff | major << 8 | (minor & ~0xff) << 12);
        }
    }

    private void flag(int flag) {
        view.putInt(32, view.getInt(32) | flag);
    }

    void end(int number) {
        view.putInt(28, (int) (blocks * SECTORS));
        view.putShort(116, (short) (blocks * SECTORS >>> 32));
        var sum = checksums.ofInode(number, bytes, bytes.length);
        view.putShort(124, (short) sum);
        view.putShort(130, (short) (sum >>> 16));
    }

    void copyTo(byte[] block, int offset) {
        System.arraycopy(bytes, 0, block, offset, bytes.length);
    }
}
