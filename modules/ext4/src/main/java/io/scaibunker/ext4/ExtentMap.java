package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Reads an inode's extents. They must ascend, so no tree, however it refers to itself, keeps this busy for long. */
final class ExtentMap {
    private static final int DEEPEST = 5;
    private static final int MOST = 1 << 20;
    private static final int UNWRITTEN = 32_768;

    private record Below(long block, int depth) {}

    private final ImageLayout layout;
    private final long inode;
    private final List<Extent> extents = new ArrayList<>();
    private int seen;
    private long end;

    private ExtentMap(ImageLayout layout, long inode) {
        this.layout = layout;
        this.inode = inode;
    }

    /** The extents that have content; what is declared but was never written is a hole. */
    static List<Extent> of(ImageLayout layout, long inode, ByteBuffer root) throws IOException {
        return new ExtentMap(layout, inode).read(root);
    }

    private List<Extent> read(ByteBuffer root) throws IOException {
        var ahead = new ArrayDeque<Below>();
        node(root, root.getShort(6) & 0xffff, ahead);
        while (!ahead.isEmpty()) {
            var below = ahead.pop();
            var block = layout.block(below.block());
            if (block.getShort(2) == 0) {
                throw broken("an empty block of extents");
            }
            node(block, below.depth(), ahead);
        }
        return extents;
    }

    private void node(ByteBuffer node, int depth, ArrayDeque<Below> ahead) throws ImageReadException {
        var count = node.getShort(2) & 0xffff;
        if ((node.getShort(0) & 0xffff) != Ext4.EXTENT_MAGIC
                || (node.getShort(6) & 0xffff) != depth
                || depth > DEEPEST
                || 12 + count * 12 > node.limit()) {
            throw broken("no block of extents");
        }
        if (depth > 0) {
            for (var index = count - 1; index >= 0; index--) {
                var at = 12 + index * 12;
                var block = ImageLayout.unsigned(node.getInt(at + 4)) | (node.getShort(at + 8) & 0xffffL) << 32;
                ahead.push(new Below(block, depth - 1));
            }
            return;
        }
        for (var index = 0; index < count; index++) {
            leaf(node, 12 + index * 12);
        }
    }

    private void leaf(ByteBuffer node, int at) throws ImageReadException {
        var logical = ImageLayout.unsigned(node.getInt(at));
        var length = node.getShort(at + 4) & 0xffff;
        var written = length <= UNWRITTEN;
        length = written ? length : length - UNWRITTEN;
        var physical = (node.getShort(at + 6) & 0xffffL) << 32 | ImageLayout.unsigned(node.getInt(at + 8));
        if (logical < end || length == 0 || ++seen > MOST) {
            throw broken("extents in no order, empty, or too many");
        }
        layout.checkBlock(physical);
        layout.checkBlock(physical + length - 1);
        end = logical + length;
        if (written) {
            extents.add(new Extent(logical, physical, length));
        }
    }

    private ImageReadException broken(String what) {
        return new ImageReadException("inode " + inode + ": " + what);
    }
}
