package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Reads one layer, entry by entry, in the order in which they lie. Names are made canonical, and whiteouts are told from
 * their names. Where the layer claims a {@code diff_id}, the end is reached only if the bytes keep that claim.
 *
 * <p>Not for several threads.
 */
public final class LayerReader implements AutoCloseable {
    private static final byte[] WHITEOUT = ".wh.".getBytes(StandardCharsets.US_ASCII);
    /** What the file system that invented whiteouts kept for itself; it means nothing elsewhere. */
    private static final byte[] AUFS = ".wh..wh.".getBytes(StandardCharsets.US_ASCII);

    private static final EntryPath OPAQUE = EntryPath.of(".wh..wh..opq");
    private static final int BUFFER = 256 << 10;
    private static final int DEVICE_MAJORS = 1 << 12;
    private static final int DEVICE_MINORS = 1 << 20;

    private final InputStream source;
    private final MessageDigest digest;
    private final @Nullable ReadAhead ahead;
    private final String diffId;
    private final LayerLimits limits;
    private final TarReader tar;
    private long entries;
    private boolean ended;

    private LayerReader(InputStream stored, String diffId, LayerLimits limits, boolean ahead) throws IOException {
        var decoder = Decompression.open(stored);
        this.diffId = diffId;
        this.limits = limits;
        this.digest = sha256();
        this.ahead = ahead ? new ReadAhead(decoder, digest) : null;
        this.source = this.ahead != null ? this.ahead : inline(decoder);
        this.tar = new TarReader(source, limits);
    }

    private InputStream inline(InputStream decoder) {
        return new BufferedInputStream(diffId.isEmpty() ? decoder : new DigestInputStream(decoder, digest), BUFFER);
    }

    /**
     * Opens a layer and checks its {@code diff_id} at the end.
     *
     * @throws LayerException when it is of no form that is taken
     */
    public static LayerReader open(Layer layer, LayerLimits limits) throws IOException {
        return open(layer.open(), layer.diffId(), limits, false);
    }

    /** Like {@link #open}; decompresses, and checks what is claimed, in threads of their own. */
    public static LayerReader openAhead(Layer layer, LayerLimits limits) throws IOException {
        return open(layer.open(), layer.diffId(), limits, true);
    }

    /** Opens a layer whose bytes were checked before: for a second reading. */
    public static LayerReader openChecked(Layer layer, LayerLimits limits) throws IOException {
        return open(layer.open(), "", limits, false);
    }

    private static LayerReader open(InputStream stored, String diffId, LayerLimits limits, boolean ahead)
            throws IOException {
        try {
            return new LayerReader(stored, diffId, limits, ahead);
        } catch (IOException | RuntimeException problem) {
            stored.close();
            throw problem;
        }
    }

    /**
     * The next entry, or null at the end. What was not read of the last one's content is skipped.
     *
     * @throws LayerException for whatever is wrong with the layer
     */
    public @Nullable Entry next() throws IOException {
        while (!ended) {
            var member = tar.next();
            if (member == null) {
                end();
                return null;
            }
            var entry = entry(member);
            if (entry != null) {
                return entry;
            }
        }
        return null;
    }

    /** The content of the entry given last; valid until the next one is asked for. */
    public InputStream content() {
        return tar.content();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    private void end() throws IOException {
        ended = true;
        tar.drain();
        if (ahead != null) {
            ahead.hashed();
        }
        if (!diffId.isEmpty()) {
            var found = "sha256:" + HexFormat.of().formatHex(digest.digest());
            if (!found.equals(diffId)) {
                throw new LayerException(
                        Reason.CORRUPT, "layer is " + found + " when unpacked, the image says " + diffId);
            }
        }
    }

    /** The member as an entry; null for what is of no meaning. */
    private @Nullable Entry entry(TarMember member) throws LayerException {
        if (++entries > limits.entries()) {
            throw new LayerException(Reason.TOO_LARGE, "layer has more than " + limits.entries() + " entries");
        }
        var path = EntryPath.parse(member.name(), limits);
        var name = path.name();
        var meaningless = false;
        for (var component : path.parent().components()) {
            if (component.startsWith(AUFS)) {
                meaningless = true;
            } else if (component.startsWith(WHITEOUT)) {
                throw new LayerException(Reason.CORRUPT, path + ": inside of a whiteout");
            }
        }
        if (meaningless) {
            return null;
        }
        if (name.equals(OPAQUE)) {
            return marker(path.parent(), EntryKind.OPAQUE);
        }
        if (name.startsWith(AUFS)) {
            return null;
        }
        return name.startsWith(WHITEOUT) ? whiteout(path) : ordinary(member, path);
    }

    private static Entry whiteout(EntryPath path) throws LayerException {
        var hidden = path.name().withoutFirst(WHITEOUT.length);
        if (hidden.isRoot() || hidden.components().isEmpty() || hidden.isParentReference()) {
            throw new LayerException(Reason.CORRUPT, path + ": whiteout that names nothing");
        }
        return marker(path.parent().child(hidden), EntryKind.WHITEOUT);
    }

    private static Entry marker(EntryPath path, EntryKind kind) {
        return new Entry(path, kind, 0, 0, 0, 0, 0, 0, new byte[0], 0, 0, Collections.emptySortedMap());
    }

    private Entry ordinary(TarMember member, EntryPath path) throws LayerException {
        var kind = kind(member, path);
        if (path.isRoot() && kind != EntryKind.DIRECTORY) {
            throw new LayerException(Reason.CORRUPT, "the root is not a directory");
        }
        var isDevice = kind == EntryKind.CHAR_DEVICE || kind == EntryKind.BLOCK_DEVICE;
        if (isDevice
                && (outside(member.deviceMajor(), DEVICE_MAJORS) || outside(member.deviceMinor(), DEVICE_MINORS))) {
            throw new LayerException(
                    Reason.UNSUPPORTED, path + ": device number " + member.deviceMajor() + ":" + member.deviceMinor());
        }
        return new Entry(
                path,
                kind,
                member.mode(),
                member.uid(),
                member.gid(),
                member.mtimeSeconds(),
                member.mtimeNanos(),
                member.size(),
                target(member, kind, path),
                (int) member.deviceMajor(),
                (int) member.deviceMinor(),
                member.xattrs());
    }

    /**
     * Sockets have no type in any tar that is in use: GNU tar leaves them out with a warning, as container engines do when
     * they make a layer. A member of another type is refused, as containerd and Docker do; 's', which some archivers gave to
     * sockets, by its name.
     */
    private static EntryKind kind(TarMember member, EntryPath path) throws LayerException {
        return switch (member.type()) {
            case '0' -> endsWithSlash(member.name()) ? EntryKind.DIRECTORY : EntryKind.FILE;
            case '1' -> EntryKind.HARDLINK;
            case '2' -> EntryKind.SYMLINK;
            case '3' -> EntryKind.CHAR_DEVICE;
            case '4' -> EntryKind.BLOCK_DEVICE;
            case '5' -> EntryKind.DIRECTORY;
            case '6' -> EntryKind.FIFO;
            default ->
                throw new LayerException(
                        Reason.UNSUPPORTED,
                        path + ": tar type '" + EntryPath.show(new byte[] {(byte) member.type()}) + "'"
                                + (member.type() == 's' ? ", a socket" : ""));
        };
    }

    /** Old tars mark a directory by its name alone. */
    private static boolean endsWithSlash(byte[] name) {
        return name.length > 0 && name[name.length - 1] == '/';
    }

    private static boolean outside(long value, int bound) {
        return value < 0 || value >= bound;
    }

    private byte[] target(TarMember member, EntryKind kind, EntryPath path) throws LayerException {
        return switch (kind) {
            case SYMLINK -> symbolicTarget(member.linkName(), path);
            case HARDLINK -> hardTarget(member.linkName(), path);
            default -> new byte[0];
        };
    }

    private byte[] symbolicTarget(byte[] target, EntryPath path) throws LayerException {
        for (var one : target) {
            if (one == 0) {
                throw new LayerException(Reason.CORRUPT, path + ": symbolic link with a zero byte");
            }
        }
        if (target.length == 0) {
            throw new LayerException(Reason.CORRUPT, path + ": symbolic link to nowhere");
        }
        if (target.length >= limits.pathBytes()) {
            throw new LayerException(Reason.TOO_LARGE, path + ": symbolic link of " + target.length + " bytes");
        }
        return target;
    }

    /** Some builders name the target from the root with a slash: that is the image's root and leads nowhere else. */
    private byte[] hardTarget(byte[] target, EntryPath path) throws LayerException {
        var start = 0;
        while (start < target.length && target[start] == '/') {
            start++;
        }
        try {
            var parsed = EntryPath.parse(Arrays.copyOfRange(target, start, target.length), limits);
            if (parsed.isRoot()) {
                throw new LayerException(Reason.CORRUPT, "hard link to the root");
            }
            return parsed.bytes();
        } catch (LayerException wrong) {
            throw new LayerException(wrong.reason(), path + ": hard link to a " + wrong.getMessage(), wrong);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }
}
