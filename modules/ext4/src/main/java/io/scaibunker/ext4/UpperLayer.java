package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import io.scaibunker.ext4.LayerTar.Part;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerException.Reason;
import io.scaibunker.layers.LayerLimits;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a bunker has written, as an image layer: the upper directory of its overlay, read from its scratch disk, becomes a tar
 * with whiteouts.
 *
 * <p>The disk is its tenant's, every byte of it. The reader checks what it reads; here is counted what it comes to: no more
 * data than the disk holds, however many files claim the same blocks, and no more of all else than an image may have. Sockets
 * are left out, as by everybody who makes layers.
 */
public final class UpperLayer {
    private static final EntryPath UPPER = EntryPath.of("upper");
    private static final byte[] WHITEOUT = ".wh.".getBytes(StandardCharsets.US_ASCII);
    private static final EntryPath OPAQUE = EntryPath.of(".wh..wh..opq");

    /** The overlay's own notes. Those of an overlay inside of the bunker are in another name space. */
    private static final String OVERLAY = "trusted.overlay.";

    /** So many a file: a list of them is part of its header. What lies between more of them is stored as zeros. */
    private static final int PARTS = 20_000;

    /** For a tenant's names, times and attributes, beside the data. */
    private static final long HEADERS = 2L << 30;

    /**
     * @param diffId of the tar, as {@code sha256:…}
     * @param bytes of the tar
     */
    public record Written(String diffId, long bytes, long entries) {}

    private final Ext4Reader disk;
    private final LayerLimits limits;
    private final Runnable eachEntry;
    private final LayerTar tar;
    private final Map<Long, EntryPath> firstNames = new HashMap<>();
    private final long blockBytes;
    private final long dataMost;
    private long data;
    private long headers;
    private long sizes;
    private long entries;

    private UpperLayer(Ext4Reader disk, long diskBytes, LayerLimits limits, Runnable eachEntry, OutputStream out) {
        this.disk = disk;
        this.limits = limits;
        this.eachEntry = eachEntry;
        this.tar = new LayerTar(out);
        this.blockBytes = disk.blockBytes();
        this.dataMost = diskBytes;
    }

    /**
     * Writes the layer, and what is written is on disk.
     *
     * @param scratch a scratch disk that nobody writes to
     * @param target the tar; is not there yet
     * @param eachEntry may throw to end it
     * @throws ImageReadException for a disk that is broken
     * @throws LayerException for what no layer can say, or too much of it
     */
    public static Written write(Path scratch, Path target, LayerLimits limits, Runnable eachEntry) throws IOException {
        MessageDigest digest = Sha256.start();
        UpperLayer layer;
        try (var disk = Ext4Reader.open(scratch);
                var file = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                var out = new BufferedOutputStream(new DigestOutputStream(file, digest), 256 << 10)) {
            layer = new UpperLayer(disk, Files.size(scratch), limits, eachEntry, out);
            layer.write();
        }
        WorkDirectory.force(target);
        return new Written("sha256:" + HexFormat.of().formatHex(digest.digest()), Files.size(target), layer.entries);
    }

    private void write() throws IOException {
        var inode = disk.list(disk.root()).get(UPPER);
        if (inode == null) {
            throw new ImageReadException("the disk has no upper directory");
        }
        disk.walk(disk.stat(inode), this::add);
        tar.finish();
    }

    private void add(EntryPath path, FileStat stat) throws IOException {
        eachEntry.run();
        if (stat.kind() == FileKind.SOCKET) {
            return;
        }
        headers += 2048 + 2L * path.length();
        if (++entries > limits.entries() || headers > HEADERS) {
            throw tooMuch("more than " + limits.entries() + " entries, or too much of what is written of them");
        }
        if (startsWith(path.name(), WHITEOUT)) {
            throw new LayerException(Reason.UNSUPPORTED, path + ": a name that means a deletion in a layer");
        }
        if (isWhiteout(stat)) {
            tar.marker(path.parent()
                    .child(EntryPath.ofCanonical(joined(WHITEOUT, path.name().bytes()))));
            return;
        }
        var first = stat.links() > 1 && stat.kind() != FileKind.DIRECTORY
                ? firstNames.putIfAbsent(stat.inode(), path)
                : null;
        if (first != null) {
            tar.addHardLink(path, first, stat);
            return;
        }
        var all = disk.xattrs(stat);
        var attributes = kept(path, all);
        switch (stat.kind()) {
            case FILE -> addFile(path, stat, attributes);
            case SYMLINK -> tar.add(path, stat, disk.linkTarget(stat), attributes);
            default -> tar.add(path, stat, new byte[0], attributes);
        }
        if (stat.kind() == FileKind.DIRECTORY && isOpaque(all)) {
            tar.marker(path.child(OPAQUE));
        }
    }

    private static boolean isWhiteout(FileStat stat) {
        return stat.kind() == FileKind.CHAR_DEVICE && stat.deviceMajor() == 0 && stat.deviceMinor() == 0;
    }

    private static boolean isOpaque(Map<String, byte[]> attributes) {
        var value = attributes.get(OVERLAY + "opaque");
        return value != null && value.length == 1 && value[0] == 'y';
    }

    /** What the file itself has; the overlay's notes go, and those that change what a file is are not taken. */
    private Map<String, byte[]> kept(EntryPath path, SortedMap<String, byte[]> attributes) throws LayerException {
        var kept = new TreeMap<String, byte[]>();
        for (var attribute : attributes.entrySet()) {
            var name = attribute.getKey();
            if (name.equals(OVERLAY + "redirect") || name.equals(OVERLAY + "metacopy")) {
                throw new LayerException(Reason.UNSUPPORTED, path + ": lies elsewhere in part (" + name + ")");
            }
            if (name.indexOf('=') >= 0) {
                throw new LayerException(Reason.UNSUPPORTED, path + ": an extended attribute with «=» in its name");
            }
            if (!name.startsWith(OVERLAY)) {
                kept.put(name, attribute.getValue());
                headers += name.length() + attribute.getValue().length;
            }
        }
        return kept;
    }

    private void addFile(EntryPath path, FileStat stat, Map<String, byte[]> attributes) throws IOException {
        sizes += stat.size();
        if (sizes < 0 || sizes > limits.layerBytes()) {
            throw tooMuch("files of more than " + limits.layerBytes() + " bytes, holes and all");
        }
        var parts = parts(stat);
        for (var part : parts) {
            data += part.length();
        }
        if (data > dataMost) {
            throw tooMuch("more data than the disk has");
        }
        try (var content = disk.open(stat)) {
            tar.addFile(path, stat, attributes, parts, content);
        }
    }

    /** Where a file has data: as it is stored, with the smallest holes filled where there are too many of them. */
    private List<Part> parts(FileStat stat) throws IOException {
        var extents = disk.extents(stat);
        var parts = parts(extents, stat.size(), 0);
        for (var filled = blockBytes; parts.size() > PARTS; filled *= 2) {
            parts = parts(extents, stat.size(), filled);
        }
        return parts;
    }

    private List<Part> parts(List<Extent> extents, long size, long filled) {
        var parts = new ArrayList<Part>();
        for (var extent : extents) {
            var start = extent.logical() * blockBytes;
            var end = Math.min(size, start + extent.length() * blockBytes);
            if (start >= end) {
                break;
            }
            var last = parts.isEmpty() ? null : parts.getLast();
            if (last != null && start - last.offset() - last.length() <= filled) {
                parts.set(parts.size() - 1, new Part(last.offset(), end - last.offset()));
            } else {
                parts.add(new Part(start, end - start));
            }
        }
        return parts;
    }

    private static LayerException tooMuch(String what) {
        return new LayerException(Reason.TOO_LARGE, "the bunker has written " + what);
    }

    private static boolean startsWith(EntryPath name, byte[] prefix) {
        var bytes = name.bytes();
        return bytes.length >= prefix.length && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static byte[] joined(byte[] one, byte[] other) {
        var result = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, result, one.length, other.length);
        return result;
    }
}
