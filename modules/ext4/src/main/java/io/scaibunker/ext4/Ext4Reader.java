package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import io.scaibunker.layers.EntryPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads an ext4 file in user space: what the writers here or mke2fs made. Everything in it is taken for a stranger's: each
 * number is checked before it is used, nothing calls itself as deep as a stranger likes, and what is wrong ends in an {@link
 * ImageReadException}. Journals are not replayed; a file that needs that is refused, as is one without extents, with inline
 * data or encryption.
 *
 * <p>For several threads, as long as nobody closes it.
 */
public final class Ext4Reader implements AutoCloseable {
    private static final int MAP = 40;
    private static final int INLINE_LINK = 60;
    private static final int LONGEST_LINK = 4096;
    /** No directory of ours comes near: a million names of 255 bytes. */
    private static final long LARGEST_DIRECTORY = 1L << 30;

    private static final int DEEPEST = 1024;
    private static final int LONGEST_PATH = 4096;
    /** Directories may share their blocks in a hostile file. */
    private static final int NAMES = 2_000_000;

    /** Of one directory's names, or of those that a walk has ahead of it: they are held in memory. */
    private static final long NAME_BYTES = 128L << 20;

    private static final int SYMBOLIC_LINKS = 40;

    /** Told of each name of a walk; the root's path is the root. */
    @FunctionalInterface
    public interface Visitor {
        void visit(EntryPath path, FileStat stat) throws IOException;
    }

    private record Ahead(EntryPath parent, EntryPath name, long inode, int depth) {
        EntryPath path() {
            return parent.child(name);
        }
    }

    private final FileChannel file;
    private final ImageLayout layout;

    private Ext4Reader(FileChannel file) throws IOException {
        this.file = file;
        this.layout = new ImageLayout(file);
    }

    /** @throws ImageReadException for what is no ext4, or one with features that are not taken */
    public static Ext4Reader open(Path image) throws IOException {
        var file = FileChannel.open(image, StandardOpenOption.READ);
        try {
            return new Ext4Reader(file);
        } catch (IOException | RuntimeException problem) {
            file.close();
            throw problem;
        }
    }

    public FileStat root() throws IOException {
        return stat(Ext4.ROOT);
    }

    /** What an inode says of itself. */
    public FileStat stat(long inode) throws IOException {
        var raw = layout.inode(inode);
        var mode = raw.getShort(0) & 0xffff;
        var kind = FileKind.of(mode);
        var modern = raw.limit() >= 140 && (raw.getShort(128) & 0xffff) >= 12;
        var extra = modern ? raw.getInt(136) : 0;
        var isDevice = kind == FileKind.CHAR_DEVICE || kind == FileKind.BLOCK_DEVICE;
        var old = isDevice ? raw.getInt(MAP) : 0;
        var device = isDevice ? raw.getInt(MAP + 4) : 0;
        var size = ImageLayout.unsigned(raw.getInt(4)) | ImageLayout.unsigned(raw.getInt(108)) << 32;
        if (size < 0) {
            throw new ImageReadException("inode " + inode + ": a size that cannot be");
        }
        return new FileStat(
                inode,
                kind,
                mode & 07777,
                raw.getShort(2) & 0xffffL | (raw.getShort(120) & 0xffffL) << 16,
                raw.getShort(24) & 0xffffL | (raw.getShort(122) & 0xffffL) << 16,
                size,
                raw.getShort(26) & 0xffff,
                raw.getInt(16) + ((extra & 3L) << 32),
                Math.min(extra >>> 2, 999_999_999),
                old != 0 ? old >> 8 & 0xff : device >> 8 & 0xfff,
                old != 0 ? old & 0xff : device & 0xff | device >> 12 & 0xfff00);
    }

    /**
     * The names in a directory, without "." and "..", in the order of bytes, with their inodes.
     *
     * @throws ImageReadException for what is no directory
     */
    public SortedMap<EntryPath, Long> list(FileStat directory) throws IOException {
        if (directory.kind() != FileKind.DIRECTORY || directory.size() > LARGEST_DIRECTORY) {
            throw new ImageReadException("inode " + directory.inode() + ": no directory, or too large a one");
        }
        var names = new TreeMap<EntryPath, Long>();
        var block = new byte[layout.blockBytes()];
        long bytes = 0;
        try (var content = open(directory)) {
            while (content.readNBytes(block, 0, block.length) == block.length) {
                var had = names.size();
                addNames(ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN), directory.inode(), names);
                bytes += names.size() == had ? 0 : block.length;
                if (names.size() > NAMES || bytes > NAME_BYTES) {
                    throw new ImageReadException("inode " + directory.inode() + ": too many names");
                }
            }
        }
        return names;
    }

    private static void addNames(ByteBuffer block, long inode, Map<EntryPath, Long> names) throws ImageReadException {
        for (var at = 0; at + 8 <= block.limit(); ) {
            var target = ImageLayout.unsigned(block.getInt(at));
            var length = block.getShort(at + 4) & 0xffff;
            var nameLength = block.get(at + 6) & 0xff;
            // In blocks of 64 KiB the length of the whole block does not fit and is written so.
            length = length == 0xffff ? block.limit() - at : length;
            if (length < 8 || length % 4 != 0 || length > block.limit() - at || 8 + nameLength > length) {
                throw new ImageReadException("inode " + inode + ": the directory is broken");
            }
            if (target != 0) {
                var name = new byte[nameLength];
                block.get(at + 8, name);
                addName(name, target, inode, names);
            }
            at += length;
        }
    }

    private static void addName(byte[] name, long target, long inode, Map<EntryPath, Long> names)
            throws ImageReadException {
        if (Arrays.equals(name, new byte[] {'.'}) || Arrays.equals(name, new byte[] {'.', '.'})) {
            return;
        }
        for (var one : name) {
            if (one == 0 || one == '/') {
                throw new ImageReadException("inode " + inode + ": a name that cannot be");
            }
        }
        if (name.length == 0 || names.put(EntryPath.ofCanonical(name), target) != null) {
            throw new ImageReadException("inode " + inode + ": a name that is empty or there twice");
        }
    }

    /** A file's content. Its size is a claim: a small image may have a file of terabytes of holes. */
    public InputStream open(FileStat file) throws IOException {
        if (file.kind() != FileKind.FILE && file.kind() != FileKind.DIRECTORY && file.kind() != FileKind.SYMLINK) {
            throw new ImageReadException("inode " + file.inode() + ": has no content");
        }
        var raw = layout.inode(file.inode());
        if (file.size() == 0) {
            return InputStream.nullInputStream();
        }
        return new FileContent(layout, extents(file.inode(), raw), file.size());
    }

    /** Where a file's data lie; what is between is holes. */
    List<Extent> extents(FileStat file) throws IOException {
        return file.size() == 0 ? List.of() : extents(file.inode(), layout.inode(file.inode()));
    }

    private List<Extent> extents(long inode, ByteBuffer raw) throws IOException {
        if ((raw.getInt(32) & Ext4.FLAG_EXTENTS) == 0) {
            throw new ImageReadException("inode " + inode + ": has no extents");
        }
        var root = raw.slice(MAP, ExtentTree.ROOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return ExtentMap.of(layout, inode, root);
    }

    int blockBytes() {
        return layout.blockBytes();
    }

    /** A symbolic link's text. */
    public byte[] linkTarget(FileStat link) throws IOException {
        if (link.kind() != FileKind.SYMLINK || link.size() == 0 || link.size() > LONGEST_LINK) {
            throw new ImageReadException("inode " + link.inode() + ": no symbolic link, or one of no proper length");
        }
        var raw = layout.inode(link.inode());
        if ((raw.getInt(32) & Ext4.FLAG_EXTENTS) == 0 && link.size() < INLINE_LINK) {
            var text = new byte[(int) link.size()];
            raw.get(MAP, text);
            return text;
        }
        try (var content = open(link)) {
            return content.readNBytes(LONGEST_LINK);
        }
    }

    /** Extended attributes by full name; each character of a name stands for one byte. */
    public SortedMap<String, byte[]> xattrs(FileStat stat) throws IOException {
        return new AttributeReader(layout, stat.inode()).read(layout.inode(stat.inode()));
    }

    /** What a path leads to, through symbolic links, which are rooted in the image; null if there is nothing. */
    public @Nullable FileStat find(EntryPath path) throws IOException {
        var ahead = new ArrayDeque<>(path.components());
        var here = new ArrayDeque<FileStat>(List.of(root()));
        for (var links = 0; !ahead.isEmpty(); ) {
            var component = ahead.pop();
            if (component.equals(EntryPath.of(".."))) {
                up(here);
                continue;
            }
            var inode = here.element().kind() == FileKind.DIRECTORY
                    ? list(here.element()).get(component)
                    : null;
            if (inode == null) {
                return null;
            }
            var found = stat(inode);
            if (found.kind() != FileKind.SYMLINK) {
                here.push(found);
            } else {
                if (++links > SYMBOLIC_LINKS) {
                    return null;
                }
                follow(linkTarget(found), here, ahead);
            }
        }
        return here.element();
    }

    private static void up(Deque<FileStat> here) {
        if (here.size() > 1) {
            here.pop();
        }
    }

    private static void follow(byte[] target, Deque<FileStat> here, Deque<EntryPath> ahead) {
        while (target[0] == '/' && here.size() > 1) {
            here.pop();
        }
        EntryPath.ofCanonical(target).components().reversed().forEach(ahead::push);
    }

    /** Visits all names: a directory before what is in it, siblings in the order of bytes. */
    public void walk(Visitor visitor) throws IOException {
        walk(root(), visitor);
    }

    /** The same below a directory, which is the root of all paths that are told. */
    public void walk(FileStat top, Visitor visitor) throws IOException {
        var seen = new HashSet<Long>();
        var ahead = new ArrayDeque<>(List.of(new Ahead(EntryPath.ROOT, EntryPath.ROOT, top.inode(), 0)));
        var names = 0L;
        while (!ahead.isEmpty()) {
            var next = ahead.pop();
            var path = next.path();
            var stat = stat(next.inode());
            visitor.visit(path, stat);
            if (stat.kind() == FileKind.DIRECTORY) {
                if (!seen.add(next.inode()) || next.depth() > DEEPEST || path.length() > LONGEST_PATH) {
                    throw new ImageReadException(path + ": a directory inside of itself, or too deep");
                }
                var inside = list(stat);
                names += inside.size();
                if (names > NAMES) {
                    throw new ImageReadException("more than " + NAMES + " names");
                }
                inside.reversed().forEach((name, inode) -> ahead.push(new Ahead(path, name, inode, next.depth() + 1)));
            }
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
