package io.scaibunker.layers;

import java.util.Collection;
import java.util.Collections;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One thing in the merged tree: a file, a directory, a link, a device. It may have several {@link Name names}. Content and
 * extended attributes are not kept here but lie in the layer, where {@link #layer()} and {@link #ordinal()} point.
 */
public final class Node {
    private static final int IMPLICIT_MODE = 0755;
    private static final byte[] NOTHING = new byte[0];

    private final EntryKind kind;
    private final int mode;
    private final int uid;
    private final int gid;
    private final long mtimeSeconds;
    private final int mtimeNanos;
    private final long size;
    private final byte[] linkTarget;
    private final int device;
    private final int xattrBytes;
    private final int layer;
    private final int ordinal;
    private @Nullable TreeMap<EntryPath, Name> children;
    private @Nullable Name firstName;
    private int links;
    private int number;

    /** What an entry says, at its place. */
    Node(Entry entry, int layer, int ordinal) {
        this.kind = entry.kind();
        this.mode = entry.mode();
        this.uid = (int) entry.uid();
        this.gid = (int) entry.gid();
        this.mtimeSeconds = entry.mtimeSeconds();
        this.mtimeNanos = entry.mtimeNanos();
        this.size = entry.size();
        this.linkTarget = entry.kind() == EntryKind.SYMLINK ? entry.linkTarget() : NOTHING;
        this.device = entry.deviceMajor() << 20 | entry.deviceMinor();
        this.xattrBytes = entry.xattrs().entrySet().stream()
                .mapToInt(one -> one.getKey().length() + one.getValue().length)
                .sum();
        this.layer = layer;
        this.ordinal = ordinal;
    }

    /** A directory that no layer lists, though something lies in it. */
    Node() {
        this.kind = EntryKind.DIRECTORY;
        this.mode = IMPLICIT_MODE;
        this.uid = 0;
        this.gid = 0;
        this.mtimeSeconds = 0;
        this.mtimeNanos = 0;
        this.size = 0;
        this.linkTarget = NOTHING;
        this.device = 0;
        this.xattrBytes = 0;
        this.layer = -1;
        this.ordinal = -1;
    }

    /** Any kind but a hard link, a whiteout or an opaque marker. */
    public EntryKind kind() {
        return kind;
    }

    public boolean isDirectory() {
        return kind == EntryKind.DIRECTORY;
    }

    /** See {@link Entry#mode()}. */
    public int mode() {
        return mode;
    }

    /** See {@link Entry#uid()}. */
    public long uid() {
        return Integer.toUnsignedLong(uid);
    }

    /** See {@link Entry#gid()}. */
    public long gid() {
        return Integer.toUnsignedLong(gid);
    }

    /** See {@link Entry#mtimeSeconds()}. */
    public long mtimeSeconds() {
        return mtimeSeconds;
    }

    /** See {@link Entry#mtimeNanos()}. */
    public int mtimeNanos() {
        return mtimeNanos;
    }

    /** See {@link Entry#size()}. */
    public long size() {
        return size;
    }

    /** Of a symbolic link, its text; else empty. Not to be changed. */
    public byte[] linkTarget() {
        return linkTarget;
    }

    /** See {@link Entry#deviceMajor()}. */
    public int deviceMajor() {
        return device >>> 20;
    }

    /** See {@link Entry#deviceMinor()}. */
    public int deviceMinor() {
        return device & (1 << 20) - 1;
    }

    /** Length of all names and values of its extended attributes; 0 if it has none. */
    public int xattrBytes() {
        return xattrBytes;
    }

    /** The layer that has its entry, 0 for the lowest; -1 for a directory that none lists. */
    public int layer() {
        return layer;
    }

    /** Which entry of its layer it is, 0 for the first one; -1 for a directory that none lists. */
    public int ordinal() {
        return ordinal;
    }

    /** How many names it has in the merged tree; directories have one. */
    public int links() {
        return links;
    }

    /** The first of its names in the order of {@link MergedTree#forEach}. */
    public Name firstName() {
        if (firstName == null) {
            throw new IllegalStateException("did not survive");
        }
        return firstName;
    }

    /** What {@link #number(int)} was given last, 0 before. */
    public int number() {
        return number;
    }

    /** Keeps a number of the caller's with this node, such as its inode. */
    public void number(int given) {
        number = given;
    }

    /** Counts a name that survived. */
    void named(Name name) {
        if (firstName == null) {
            firstName = name;
        }
        links++;
    }

    @Nullable
    Name child(EntryPath component) {
        return children == null ? null : children.get(component);
    }

    /** What lies in it, by name in the order of bytes; empty but for directories. */
    public Collection<Name> children() {
        return children == null ? Collections.emptyList() : children.values();
    }

    void add(Name name) {
        if (children == null) {
            children = new TreeMap<>();
        }
        children.put(name.component(), name);
    }

    void remove(Name name) {
        if (children != null) {
            children.remove(name.component());
        }
    }

    /** Becomes the directory that holds what {@code other} held. */
    void takeChildren(Node other) {
        children = other.children;
    }
}
