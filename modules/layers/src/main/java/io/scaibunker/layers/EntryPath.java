package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A path inside an image: raw bytes, from the root but without a leading slash, without empty, {@code .} or {@code ..}
 * components; the root itself is empty. Linux names are bytes, and images hold names that are no UTF-8: they survive here.
 * Ordered by bytes, unsigned.
 */
public final class EntryPath implements Comparable<EntryPath> {
    /** The root of the image. */
    public static final EntryPath ROOT = new EntryPath(new byte[0]);

    private static final int SHOWN = 200;

    private final byte[] bytes;
    private int hash;

    private EntryPath(byte[] bytes) {
        this.bytes = bytes;
    }

    /** A path as text, for callers that hold one in their source code; it must be in the form described above. */
    public static EntryPath of(String path) {
        return new EntryPath(path.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes that are known to be in the form described above; they are not copied. */
    public static EntryPath ofCanonical(byte[] bytes) {
        return new EntryPath(bytes);
    }

    /**
     * A name as a tar has it. {@code .} components and doubled slashes are dropped.
     *
     * @throws LayerException for an absolute name, a {@code ..}, a zero byte, or a name beyond the limits
     */
    static EntryPath parse(byte[] raw, LayerLimits limits) throws LayerException {
        if (raw.length > 0 && raw[0] == '/') {
            throw new LayerException(Reason.UNSAFE_PATH, "absolute name: " + show(raw));
        }
        if (raw.length > limits.pathBytes()) {
            throw new LayerException(Reason.TOO_LARGE, "name of " + raw.length + " bytes: " + show(raw));
        }
        var result = new byte[raw.length];
        var length = 0;
        var depth = 0;
        for (var component : split(raw)) {
            check(component, raw, limits);
            if (++depth > limits.depth()) {
                throw new LayerException(Reason.TOO_LARGE, "more than " + limits.depth() + " levels: " + show(raw));
            }
            if (length > 0) {
                result[length++] = '/';
            }
            System.arraycopy(component.bytes, 0, result, length, component.bytes.length);
            length += component.bytes.length;
        }
        return length == 0 ? ROOT : new EntryPath(Arrays.copyOf(result, length));
    }

    private static void check(EntryPath component, byte[] raw, LayerLimits limits) throws LayerException {
        if (component.isParentReference()) {
            throw new LayerException(Reason.UNSAFE_PATH, "name with ..: " + show(raw));
        }
        if (component.bytes.length > limits.nameBytes()) {
            throw new LayerException(
                    Reason.TOO_LARGE, "name of more than " + limits.nameBytes() + " bytes: " + show(raw));
        }
        for (var one : component.bytes) {
            if (one == 0) {
                throw new LayerException(Reason.CORRUPT, "name with a zero byte: " + show(raw));
            }
        }
    }

    /** The components of any text with slashes, without empty ones and {@code .}; a {@code ..} is kept. */
    static List<EntryPath> split(byte[] raw) {
        var components = new ArrayList<EntryPath>();
        var start = 0;
        for (var index = 0; index <= raw.length; index++) {
            if (index == raw.length || raw[index] == '/') {
                var length = index - start;
                if (length > 1 || (length == 1 && raw[start] != '.')) {
                    components.add(new EntryPath(Arrays.copyOfRange(raw, start, index)));
                }
                start = index + 1;
            }
        }
        return components;
    }

    boolean isParentReference() {
        return bytes.length == 2 && bytes[0] == '.' && bytes[1] == '.';
    }

    /** True for the root of the image. */
    public boolean isRoot() {
        return bytes.length == 0;
    }

    /** The path's bytes, a copy. */
    public byte[] bytes() {
        return bytes.clone();
    }

    public int length() {
        return bytes.length;
    }

    /** The path's components, from the root down. */
    public List<EntryPath> components() {
        return split(bytes);
    }

    /** The last component; the root's is empty. */
    public EntryPath name() {
        var slash = lastSlash();
        return slash < 0 ? this : new EntryPath(Arrays.copyOfRange(bytes, slash + 1, bytes.length));
    }

    /** The path of the directory that holds it; the root's is the root. */
    public EntryPath parent() {
        var slash = lastSlash();
        return slash < 0 ? ROOT : new EntryPath(Arrays.copyOf(bytes, slash));
    }

    /** This path with one more component. */
    public EntryPath child(EntryPath name) {
        if (isRoot()) {
            return name;
        }
        var result = Arrays.copyOf(bytes, bytes.length + 1 + name.bytes.length);
        result[bytes.length] = '/';
        System.arraycopy(name.bytes, 0, result, bytes.length + 1, name.bytes.length);
        return new EntryPath(result);
    }

    /** True if the bytes begin with those of {@code prefix}. */
    boolean startsWith(byte[] prefix) {
        return bytes.length >= prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    EntryPath withoutFirst(int count) {
        return new EntryPath(Arrays.copyOfRange(bytes, count, bytes.length));
    }

    private int lastSlash() {
        var index = bytes.length - 1;
        while (index >= 0 && bytes[index] != '/') {
            index--;
        }
        return index;
    }

    @Override
    public int compareTo(EntryPath other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EntryPath path && Arrays.equals(bytes, path.bytes);
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = Arrays.hashCode(bytes);
        }
        return hash;
    }

    /** The path for people: bytes that do not print are shown as {@code \xNN}, a long path is cut. */
    @Override
    public String toString() {
        return isRoot() ? "/" : show(bytes);
    }

    /** Any bytes for people. */
    static String show(byte[] raw) {
        var text = new StringBuilder();
        for (var point : new String(raw, 0, Math.min(raw.length, SHOWN), StandardCharsets.ISO_8859_1).toCharArray()) {
            if (point < ' ' || point == '\\' || point >= 0x7f) {
                text.append(String.format("\\x%02x", (int) point));
            } else {
                text.append(point);
            }
        }
        return raw.length > SHOWN ? text.append('…').toString() : text.toString();
    }
}
