package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.MergedTree;
import io.scaibunker.layers.Name;
import io.scaibunker.layers.Node;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Writes what belongs to single inodes: first, behind the segments, the blocks of directories, long symbolic links, extents
 * and extended attributes; then, where these end, the inodes. Both in the order of the tree, in which they are numbered.
 */
final class TreeWriter {
    private static final int LINK_IN_INODE = 59;
    /** Inodes between two questions whether to go on. */
    private static final int STEP = 4096;

    private final MergedTree tree;
    private final List<LayerPass> layers;
    private final Segments segments;
    private final Checksums checksums;
    private final BlockStream out;
    private final BitSet used;
    private final Runnable eachStep;
    private final DirectoryBlocks directories;
    private final List<Node> order = new ArrayList<>();
    /** By place in the order: its first block here, and how many there are without that of the attributes. */
    private long[] firstBlock = {};

    private int[] blockCount = {};

    /**
     * @param out behind the segments
     * @param used takes the blocks of files
     * @param eachStep run now and then; may throw to end the bake
     */
    TreeWriter(
            MergedTree tree,
            List<LayerPass> layers,
            Segments segments,
            Checksums checksums,
            NameHash hash,
            BlockStream out,
            BitSet used,
            Runnable eachStep) {
        this.tree = tree;
        this.layers = layers;
        this.segments = segments;
        this.checksums = checksums;
        this.out = out;
        this.used = used;
        this.eachStep = eachStep;
        this.directories = new DirectoryBlocks(out, checksums, hash);
    }

    /** Numbers the inodes and writes their blocks. */
    void writeBlocks() throws IOException {
        tree.forEach(name -> {
            var node = name.node();
            if (node.firstName() == name) {
                node.number(order.isEmpty() ? Ext4.ROOT : Ext4.FIRST_INODE + order.size() - 1);
                order.add(node);
            }
        });
        firstBlock = new long[order.size()];
        blockCount = new int[order.size()];
        for (var index = 0; index < firstBlock.length; index++) {
            if (index % STEP == 0) {
                eachStep.run();
            }
            var node = order.get(index);
            firstBlock[index] = out.next();
            switch (node.kind()) {
                case DIRECTORY -> directories.write(node.firstName());
                case SYMLINK -> link(node);
                case FILE -> file(node);
                default -> {}
            }
            blockCount[index] = (int) (out.next() - firstBlock[index]);
            attributes(node);
        }
        out.flush();
    }

    private void link(Node node) throws IOException {
        if (node.linkTarget().length > LINK_IN_INODE) {
            out.write(Arrays.copyOf(node.linkTarget(), Ext4.BLOCK));
        }
    }

    private void file(Node node) throws IOException {
        if (node.links() > Ext4.LINKS) {
            throw new ImageWriteException(
                    Reason.UNSUPPORTED,
                    node.firstName().path() + ": " + node.links() + " names for one file; ext4 holds " + Ext4.LINKS);
        }
        var extents = extents(node);
        for (var extent : extents) {
            used.set((int) extent.physical(), (int) extent.physical() + extent.length());
        }
        for (var block :
                ExtentTree.of(extents, node.number(), out.next(), checksums).blocks()) {
            out.write(block);
        }
    }

    private List<Extent> extents(Node node) {
        return layers.get(node.layer()).contents().extents(node.ordinal(), segments.start(node.layer()));
    }

    private void attributes(Node node) throws IOException {
        var block = encoded(node).block();
        if (block != null) {
            Ext4.view(block).putInt(Attributes.BLOCK_CHECKSUM, checksums.ofAttributes(out.next(), block));
            out.write(block);
        }
    }

    private Attributes encoded(Node node) throws ImageWriteException {
        return node.xattrBytes() == 0
                ? Attributes.NONE
                : Attributes.of(
                        layers.get(node.layer()).contents().attributes(node.ordinal()),
                        node.firstName().path());
    }

    /** First block behind those of {@link #writeBlocks}. */
    long end() {
        return out.next();
    }

    /** The highest inode in use. */
    int lastInode() {
        return Ext4.FIRST_INODE + order.size() - 2;
    }

    /** Writes the table's used part. */
    void writeInodes(BlockStream table, InodeRecord inode) throws IOException {
        var block = new byte[Ext4.BLOCK];
        var inBlock = Ext4.BLOCK / Ext4.INODE;
        var at = 0;
        for (var index = 0; index < firstBlock.length; index++) {
            var node = order.get(index);
            for (var place = node.number() - 1; place / inBlock > at; at++) {
                table.write(block);
                Arrays.fill(block, (byte) 0);
            }
            fill(inode, node, index);
            inode.copyTo(block, (node.number() - 1) % inBlock * Ext4.INODE);
        }
        table.write(block);
        table.flush();
    }

    private void fill(InodeRecord inode, Node node, int index) throws ImageWriteException {
        var first = firstBlock[index];
        var count = blockCount[index];
        var attributes = encoded(node);
        inode.begin(node);
        inode.attributes(attributes.inInode(), attributes.block() == null ? 0 : first + count);
        switch (node.kind()) {
            case DIRECTORY -> {
                inode.links(directoryLinks(node));
                inode.directory(count);
                inode.map(root(contiguous(first, count), node, 0), count);
            }
            case FILE -> {
                var extents = extents(node);
                var blocks = extents.stream().mapToLong(Extent::length).sum();
                inode.links(node.links());
                inode.size(node.size());
                inode.map(root(extents, node, first), blocks + count);
            }
            case SYMLINK -> {
                inode.links(node.links());
                inode.size(node.linkTarget().length);
                if (count == 0) {
                    inode.inline(node.linkTarget());
                } else {
                    inode.map(root(contiguous(first, 1), node, 0), 1);
                }
            }
            default -> {
                inode.links(node.links());
                inode.device(node.deviceMajor(), node.deviceMinor());
            }
        }
        inode.end(node.number());
    }

    private byte[] root(List<Extent> extents, Node node, long firstTreeBlock) {
        return ExtentTree.of(extents, node.number(), firstTreeBlock, checksums).root();
    }

    private static List<Extent> contiguous(long first, int count) {
        var extents = new ArrayList<Extent>();
        for (var done = 0; done < count; done += ExtentTree.LONGEST) {
            extents.add(new Extent(done, first + done, Math.min(ExtentTree.LONGEST, count - done)));
        }
        return extents;
    }

    private static int directoryLinks(Node directory) {
        var below = 0;
        for (Name child : directory.children()) {
            below += child.node().kind() == EntryKind.DIRECTORY ? 1 : 0;
        }
        return below + 2 > Ext4.LINKS ? 1 : below + 2;
    }

    /** Directories among the inodes from one number up to, without, another. */
    int directories(int from, int to) {
        var count = 0;
        for (var number = from; number < to; number++) {
            var index = number == Ext4.ROOT ? 0 : number - Ext4.FIRST_INODE + 1;
            var exists = number == Ext4.ROOT || number >= Ext4.FIRST_INODE && index < order.size();
            count += exists && order.get(index).isDirectory() ? 1 : 0;
        }
        return count;
    }
}
