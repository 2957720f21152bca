package io.scaibunker.ext4;

import io.scaibunker.layers.EntryPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** All that an image shows, as our reader sees it, in lines that can be compared: one a name. */
final class Snapshot {
    private Snapshot() {}

    /** Without lost+found in the root, which mke2fs makes by itself. */
    static Map<String, String> of(Path image) throws IOException {
        var lines = new TreeMap<String, String>();
        var first = new HashMap<Long, EntryPath>();
        try (var reader = Ext4Reader.open(image)) {
            reader.walk((path, stat) -> {
                var name = path.toString();
                if (!name.equals("lost+found")) {
                    lines.put(name, line(reader, path, stat, first));
                }
            });
        }
        return lines;
    }

    /** Names and contents alone, in the order of names, as {@link FeatureImages.Feature#tree()} has them. */
    static String outline(Path image) throws IOException {
        var words = new TreeMap<String, String>();
        try (var reader = Ext4Reader.open(image)) {
            reader.walk((path, stat) -> {
                if (!path.isRoot()) {
                    words.put(path.toString(), path + what(reader, stat));
                }
            });
        }
        return String.join(" ", words.values());
    }

    private static String what(Ext4Reader reader, FileStat stat) throws IOException {
        if (stat.kind() == FileKind.DIRECTORY) {
            return "/";
        }
        var links = stat.links() > 1 ? "*" + stat.links() : "";
        return switch (stat.kind()) {
            case FILE -> {
                try (var content = reader.open(stat)) {
                    yield "=" + new String(content.readAllBytes(), StandardCharsets.ISO_8859_1) + links;
                }
            }
            case SYMLINK -> "->" + new String(reader.linkTarget(stat), StandardCharsets.ISO_8859_1) + links;
            default -> "!" + links;
        };
    }

    private static String line(Ext4Reader reader, EntryPath path, FileStat stat, Map<Long, EntryPath> first)
            throws IOException {
        var line = new StringBuilder();
        var links = stat.kind() == FileKind.DIRECTORY ? "" : " links " + stat.links();
        line.append("%s %o %d:%d%s %d.%09d dev %d:%d"
                .formatted(
                        stat.kind(),
                        stat.mode(),
                        stat.uid(),
                        stat.gid(),
                        links,
                        stat.mtimeSeconds(),
                        stat.mtimeNanos(),
                        stat.deviceMajor(),
                        stat.deviceMinor()));
        if (stat.kind() != FileKind.DIRECTORY) {
            line.append(" as ").append(first.computeIfAbsent(stat.inode(), inode -> path));
        }
        if (stat.kind() == FileKind.FILE) {
            line.append(" size ").append(stat.size()).append(" sha ").append(hash(reader, stat));
        }
        if (stat.kind() == FileKind.SYMLINK) {
            line.append(" to ").append(HexFormat.of().formatHex(Sha256.of(reader.linkTarget(stat))));
        }
        reader.xattrs(stat)
                .forEach((name, value) -> line.append(' ')
                        .append(name)
                        .append('=')
                        .append(HexFormat.of().formatHex(value)));
        return line.toString();
    }

    private static String hash(Ext4Reader reader, FileStat stat) throws IOException {
        var digest = Sha256.start();
        try (var content = reader.open(stat)) {
            var bytes = new byte[64 << 10];
            for (var count = content.read(bytes); count >= 0; count = content.read(bytes)) {
                digest.update(bytes, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
