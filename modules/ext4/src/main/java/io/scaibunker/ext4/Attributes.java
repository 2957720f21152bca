package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.EntryPath;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The extended attributes of one inode as ext4 has them: what fits lies behind the inode's fields, the rest in one block.
 *
 * @param inInode the bytes behind the inode's fields, empty if there are none
 * @param block the block, without its checksum, which depends on where it lies
 */
record Attributes(byte[] inInode, byte @Nullable [] block) {
    static final Attributes NONE = new Attributes(new byte[0], null);
    static final int BLOCK_CHECKSUM = 16;

    private static final int ROOM = Ext4.INODE - Ext4.INODE_FIELDS;
    private static final int IN_INODE_HEADER = 4;
    private static final int BLOCK_HEADER = 32;
    private static final int ENTRY = 16;
    private static final int END = 4;
    private static final Comparator<One> ORDER = Comparator.comparingInt(One::space)
            .thenComparingInt(one -> one.name.length)
            .thenComparing(One::name, Arrays::compareUnsigned);

    private record One(int space, byte[] name, byte[] value) {
        int room() {
            return ENTRY + padded(name.length) + padded(value.length);
        }
    }

    /** True for the name spaces that Linux's ext4 has; others are dropped, as container engines do. */
    static boolean isKnown(String name) {
        return space(name) != 0;
    }

    /** @throws ImageWriteException as UNSUPPORTED, for what ext4 cannot hold */
    static Attributes of(Map<String, byte[]> attributes, EntryPath path) throws ImageWriteException {
        var inInode = new ArrayList<One>();
        var inBlock = new ArrayList<One>();
        var left = ROOM - IN_INODE_HEADER - END;
        var leftInBlock = Ext4.BLOCK - BLOCK_HEADER - END;
        for (var one : sorted(attributes, path)) {
            if (one.room() <= left) {
                inInode.add(one);
                left -= one.room();
            } else {
                inBlock.add(one);
                leftInBlock -= one.room();
            }
        }
        if (leftInBlock < 0) {
            throw new ImageWriteException(
                    Reason.UNSUPPORTED, path + ": more extended attributes than ext4 holds, 4 KiB");
        }
        return new Attributes(
                inInode.isEmpty() ? NONE.inInode : inInode(inInode), inBlock.isEmpty() ? null : block(inBlock));
    }

    private static List<One> sorted(Map<String, byte[]> attributes, EntryPath path) throws ImageWriteException {
        var result = new ArrayList<One>();
        for (var attribute : attributes.entrySet()) {
            var name = attribute.getKey();
            var space = space(name);
            if (space == 0) {
                continue;
            }
            var value = attribute.getValue();
            if (value.length > Ext4.BLOCK - BLOCK_HEADER - END - ENTRY) {
                throw unsupported(path, name, "of " + value.length + " bytes; ext4 holds 4 KiB");
            }
            if (space == 2 || space == 3) {
                if (!AccessList.isValid(value)) {
                    throw unsupported(path, name, "that is no access list");
                }
                value = AccessList.shortened(value);
            }
            result.add(new One(space, rest(name, space), value));
        }
        result.sort(ORDER);
        return result;
    }

    private static ImageWriteException unsupported(EntryPath path, String name, String what) {
        return new ImageWriteException(Reason.UNSUPPORTED, path + ": extended attribute " + name + " " + what);
    }

    private static int space(String name) {
        if (name.equals("system.posix_acl_access")) {
            return 2;
        }
        if (name.equals("system.posix_acl_default")) {
            return 3;
        }
        if (name.startsWith("user.")) {
            return 1;
        }
        if (name.startsWith("trusted.")) {
            return 4;
        }
        return name.startsWith("security.") ? 6 : 0;
    }

    /** What follows the name space, each character a byte. */
    private static byte[] rest(String name, int space) {
        return space == 2 || space == 3
                ? new byte[0]
                : name.substring(name.indexOf('.') + 1).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] inInode(List<One> attributes) {
        var bytes = new byte[ROOM];
        var view = Ext4.view(bytes).putInt(Ext4.ATTRIBUTE_MAGIC);
        put(view, IN_INODE_HEADER, attributes, false);
        return bytes;
    }

    private static byte[] block(List<One> attributes) {
        var bytes = new byte[Ext4.BLOCK];
        var view = Ext4.view(bytes);
        view.putInt(Ext4.ATTRIBUTE_MAGIC).putInt(1).putInt(1);
        view.position(BLOCK_HEADER);
        view.putInt(12, put(view, 0, attributes, true));
        return bytes;
    }

    /** Puts entries at the position and values at the end; gives the hash of all. Offsets count from {@code base}. */
    private static int put(ByteBuffer view, int base, List<One> attributes, boolean hashed) {
        var end = view.capacity();
        var all = 0;
        var each = true;
        for (var one : attributes) {
            end -= padded(one.value.length);
            var hash = hashed ? hash(one) : 0;
            each &= hash != 0;
            all = Integer.rotateLeft(all, 16) ^ hash;
            view.put((byte) one.name.length);
            view.put((byte) one.space);
            view.putShort((short) (one.value.length == 0 ? 0 : end - base));
            view.putInt(0);
            view.putInt(one.value.length);
            view.putInt(hash);
            view.put(one.name);
            view.position(view.position() + padded(one.name.length) - one.name.length);
            view.put(end, one.value);
        }
        return each ? all : 0;
    }

    private static int hash(One one) {
        var hash = 0;
        for (var character : one.name) {
            hash = Integer.rotateLeft(hash, 5) ^ (character & 0xff);
        }
        var words = Ext4.view(Arrays.copyOf(one.value, padded(one.value.length)));
        while (words.hasRemaining()) {
            hash = Integer.rotateLeft(hash, 16) ^ words.getInt();
        }
        return hash;
    }

    private static int padded(int length) {
        return length + 3 & ~3;
    }
}
