package io.scaibunker.cli;

import io.scaibunker.ext4.Ext4Reader;
import io.scaibunker.ext4.FileKind;
import io.scaibunker.ext4.FileStat;
import io.scaibunker.ext4.ImageReadException;
import io.scaibunker.layers.EntryPath;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;

/** Looks into ext4 files, without a mount. What is in them is a stranger's. */
final class ImageFile {
    private static final int PIECE = 256 << 10;

    private ImageFile() {}

    /** Lists a directory of the image, or names one file. */
    static void list(PrintStream to, Path file, String path, boolean recursive) throws IOException {
        var out = new PrintStream(new BufferedOutputStream(to, PIECE), false, StandardCharsets.UTF_8);
        try (var image = Ext4Reader.open(file)) {
            var found = find(image, path);
            if (found.kind() != FileKind.DIRECTORY) {
                line(out, image, EntryPath.of(path).toString(), found);
            } else if (recursive) {
                walk(out, image, EntryPath.of(path));
            } else {
                for (var entry : image.list(found).entrySet()) {
                    line(out, image, entry.getKey().toString(), image.stat(entry.getValue()));
                }
            }
        }
        out.flush();
    }

    private static void walk(PrintStream out, Ext4Reader image, EntryPath top) throws IOException {
        image.walk((path, stat) -> {
            if (isBelow(path, top)) {
                line(out, image, path.toString(), stat);
            }
        });
    }

    private static boolean isBelow(EntryPath path, EntryPath top) {
        return path.length() > top.length()
                && path.components().subList(0, top.components().size()).equals(top.components());
    }

    /** Writes a file's content; symbolic links are followed within the image. */
    static void cat(PrintStream to, Path file, String path) throws IOException {
        try (var image = Ext4Reader.open(file)) {
            var found = find(image, path);
            if (found.kind() != FileKind.FILE) {
                throw new ImageReadException(path + " is no regular file");
            }
            copy(image, found, to);
        }
    }

    private static void copy(Ext4Reader image, FileStat file, PrintStream out) throws IOException {
        try (var content = image.open(file)) {
            var piece = new byte[PIECE];
            // A print stream says nothing of a reader that has gone; the size is a stranger's claim, so it is asked.
            for (var count = content.read(piece); count >= 0 && !out.checkError(); count = content.read(piece)) {
                out.write(piece, 0, count);
            }
            out.flush();
        }
    }

    private static FileStat find(Ext4Reader image, String path) throws IOException {
        var found = image.find(EntryPath.of(path));
        if (found == null) {
            throw new MissingInImage(path + ": no such file in the image");
        }
        return found;
    }

    /** As {@code ls -l} has it, with numbers for owners and times in UTC; names without control characters. */
    private static void line(PrintStream out, Ext4Reader image, String name, FileStat stat) throws IOException {
        var size = isDevice(stat) ? stat.deviceMajor() + ", " + stat.deviceMinor() : Long.toString(stat.size());
        var link = stat.kind() == FileKind.SYMLINK
                ? " -> " + new String(image.linkTarget(stat), StandardCharsets.UTF_8)
                : "";
        out.println(Text.plain(String.format(
                Locale.ROOT,
                "%s %3d %5d %5d %10s %s %s%s",
                mode(stat),
                stat.links(),
                stat.uid(),
                stat.gid(),
                size,
                Instant.ofEpochSecond(stat.mtimeSeconds()),
                name,
                link)));
    }

    private static boolean isDevice(FileStat stat) {
        return stat.kind() == FileKind.CHAR_DEVICE || stat.kind() == FileKind.BLOCK_DEVICE;
    }

    private static String mode(FileStat stat) {
        var kind = switch (stat.kind()) {
            case FILE -> '-';
            case DIRECTORY -> 'd';
            case SYMLINK -> 'l';
            case CHAR_DEVICE -> 'c';
            case BLOCK_DEVICE -> 'b';
            case FIFO -> 'p';
            case SOCKET -> 's';
        };
        var bits = new StringBuilder().append(kind);
        for (var shift = 6; shift >= 0; shift -= 3) {
            var three = stat.mode() >> shift;
            var special = (stat.mode() >> 9 & 1 << shift / 3) != 0;
            bits.append((three & 4) != 0 ? 'r' : '-').append((three & 2) != 0 ? 'w' : '-');
            bits.append(execute((three & 1) != 0, special, shift == 0 ? 't' : 's'));
        }
        return bits.toString();
    }

    private static char execute(boolean may, boolean special, char mark) {
        if (special) {
            return may ? mark : Character.toUpperCase(mark);
        }
        return may ? 'x' : '-';
    }

    /** The image is well, the path is not in it. */
    static final class MissingInImage extends IOException {
        private static final long serialVersionUID = 1L;

        MissingInImage(String message) {
            super(message);
        }
    }
}
