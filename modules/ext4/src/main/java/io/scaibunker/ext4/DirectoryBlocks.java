package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.Name;
import io.scaibunker.layers.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes directories. What fits into one block becomes a plain list, in the order of bytes. All else gets an index by the
 * names' hashes, built at once from the sorted hashes: first the index, of one or two levels, then the blocks of entries.
 */
final class DirectoryBlocks {
    private static final int HEADER = 8;
    private static final int SELF = 12;
    /** Each block of entries ends in a pretended entry that holds its checksum. */
    private static final int TAIL = 12;

    private static final int ROOM = Ext4.BLOCK - TAIL;
    /** Behind "." and ".." the first block of an index says how it hashes; each index ends in 8 bytes of checksum. */
    private static final int IN_ROOT = (Ext4.BLOCK - 2 * SELF - 8 - 8) / 8;

    private static final int IN_NODE = (Ext4.BLOCK - HEADER - 8) / 8;
    private static final int HALF_MD4 = 1;
    private static final int TYPE_DIRECTORY = 2;
    private static final int TYPE_CHECKSUM = 0xDE;

    private final BlockStream out;
    private final Checksums checksums;
    private final NameHash hash;
    private final byte[] block = new byte[Ext4.BLOCK];
    private final ByteBuffer view = Ext4.view(block);

    DirectoryBlocks(BlockStream out, Checksums checksums, NameHash hash) {
        this.out = out;
        this.checksums = checksums;
        this.hash = hash;
    }

    /** Whether a directory of so many blocks has an index. */
    static boolean isIndexed(int blocks) {
        return blocks > 1;
    }

    /** Writes the directory, whose nodes have their inodes as numbers; gives how many blocks it takes. */
    int write(Name directory) throws IOException {
        var self = directory.node().number();
        var parent = directory.directory().node().number();
        var children = directory.node().children();
        long bytes = 2L * SELF;
        for (var child : children) {
            bytes += room(child);
        }
        if (bytes > ROOM) {
            return indexed(self, parent, List.copyOf(children), directory);
        }
        begin();
        put(self, SELF, TYPE_DIRECTORY, ".");
        put(parent, SELF, TYPE_DIRECTORY, "..");
        for (var child : children) {
            put(child);
        }
        endLeaf(self);
        return 1;
    }

    private int indexed(int self, int parent, List<Name> children, Name directory) throws IOException {
        var sorted = sorted(children);
        var starts = leafStarts(sorted, children);
        var leaves = starts.size() - 1;
        var nodes = leaves <= IN_ROOT ? 0 : (leaves + IN_NODE - 1) / IN_NODE;
        if (nodes > IN_ROOT) {
            throw new ImageWriteException(Reason.UNSUPPORTED, directory.path() + ": too many names in one directory");
        }
        root(self, parent, nodes > 0);
        if (nodes == 0) {
            index(self, IN_ROOT, sorted, starts, 0, leaves, 1, 1);
        } else {
            index(self, IN_ROOT, sorted, starts, 0, nodes, IN_NODE, 1);
            for (var node = 0; node < nodes; node++) {
                var first = node * IN_NODE;
                begin();
                view.putInt(0).putShort((short) Ext4.BLOCK).putShort((short) 0);
                index(self, IN_NODE, sorted, starts, first, Math.min(IN_NODE, leaves - first), 1, 1 + nodes + first);
            }
        }
        for (var leaf = 0; leaf < leaves; leaf++) {
            begin();
            for (var at = starts.get(leaf); at < starts.get(leaf + 1); at++) {
                put(children.get((int) sorted[at]));
            }
            endLeaf(self);
        }
        return 1 + nodes + leaves;
    }

    /** Half of each hash (which is even) above the number of its name. */
    private long[] sorted(List<Name> children) {
        var keys = new long[children.size()];
        for (var index = 0; index < keys.length; index++) {
            var half = hash.of(children.get(index).component().bytes()) >>> 1;
            keys[index] = (long) half << 32 | index;
        }
        Arrays.sort(keys);
        return keys;
    }

    private static int half(long key) {
        return (int) (key >>> 32);
    }

    private static List<Integer> leafStarts(long[] sorted, List<Name> children) {
        var starts = new ArrayList<Integer>();
        var used = ROOM;
        for (var at = 0; at < sorted.length; at++) {
            var room = room(children.get((int) sorted[at]));
            if (used + room > ROOM) {
                starts.add(at);
                used = 0;
            }
            used += room;
        }
        starts.add(sorted.length);
        return starts;
    }

    private void root(int self, int parent, boolean twoLevels) {
        begin();
        put(self, SELF, TYPE_DIRECTORY, ".");
        put(parent, Ext4.BLOCK - SELF, TYPE_DIRECTORY, "..");
        view.position(2 * SELF);
        view.putInt(0)
                .put((byte) HALF_MD4)
                .put((byte) 8)
                .put((byte) (twoLevels ? 1 : 0))
                .put((byte) 0);
    }

    /**
     * An index at the view's position: {@code count} blocks from {@code block} on, each of which stands for {@code stride}
     * leaves, the first one for {@code leaf}.
     */
    private void index(
            int self, int limit, long[] sorted, List<Integer> starts, int leaf, int count, int stride, int block)
            throws IOException {
        var start = view.position();
        for (var index = 0; index < count; index++) {
            var first = starts.get(leaf + index * stride);
            // Odd: names of the same hash lie in the block before, too.
            var goesOn = first > 0 && half(sorted[first]) == half(sorted[first - 1]);
            view.putInt(half(sorted[first]) << 1 | (goesOn ? 1 : 0));
            view.putInt(block + index);
        }
        // The first one's hash is not needed; its place says how many there are.
        view.putShort(start, (short) limit);
        view.putShort(start + 2, (short) count);
        var end = view.position();
        var tail = start + limit * 8;
        var summed = Arrays.copyOf(this.block, end + 8);
        view.putInt(tail + 4, checksums.ofInode(self, summed, summed.length));
        out.write(this.block);
    }

    private void begin() {
        Arrays.fill(block, (byte) 0);
        view.clear();
    }

    private static int room(Name name) {
        return HEADER + (name.component().length() + 3 & ~3);
    }

    private void put(Name name) {
        var start = view.position();
        var bytes = name.component().bytes();
        view.putInt(name.node().number());
        view.putShort((short) room(name));
        view.put((byte) bytes.length);
        view.put((byte) type(name.node()));
        view.put(bytes);
        view.position(start + room(name));
        last = start;
    }

    private void put(int inode, int room, int type, String name) {
        var start = view.position();
        view.putInt(inode).putShort((short) room).put((byte) name.length()).put((byte) type);
        for (var index = 0; index < name.length(); index++) {
            view.put((byte) name.charAt(index));
        }
        view.position(start + Math.min(room, SELF));
        last = start;
    }

    private int last;

    private static int type(Node node) {
        return switch (node.kind()) {
            case FILE -> 1;
            case DIRECTORY -> TYPE_DIRECTORY;
            case CHAR_DEVICE -> 3;
            case BLOCK_DEVICE -> 4;
            case FIFO -> 5;
            case SYMLINK -> 7;
            case HARDLINK, WHITEOUT, OPAQUE -> throw new IllegalStateException("no node is a " + node.kind());
        };
    }

    /** The last entry takes all that is left. */
    private void endLeaf(int self) throws IOException {
        view.putShort(last + 4, (short) (ROOM - last));
        view.putShort(ROOM + 4, (short) TAIL);
        block[ROOM + 7] = (byte) TYPE_CHECKSUM;
        view.putInt(ROOM + 8, checksums.ofInode(self, block, ROOM));
        out.write(block);
    }
}
