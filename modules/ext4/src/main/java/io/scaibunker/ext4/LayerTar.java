package io.scaibunker.ext4;

import io.scaibunker.layers.EntryPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Writes a layer's tar: PAX records for what headers do not hold, bytes as they are, and files with holes as GNU tar stores
 * them, so that a hole takes no room.
 */
final class LayerTar {
    private static final int BLOCK = 512;
    private static final int NAME = 100;
    private static final byte[] ROOT = {'.', '/'};

    private final OutputStream out;
    private final byte[] buffer = new byte[256 << 10];

    LayerTar(OutputStream out) {
        this.out = out;
    }

    /** Some bytes of a file. */
    record Part(long offset, long length) {}

    /** An empty file that means something by its name. */
    void marker(EntryPath path) throws IOException {
        header(new Records(), path, '0', 0, 0, 0, 0, 0, new byte[0], 0, 0);
    }

    /** All but a file. */
    void add(EntryPath path, FileStat stat, byte[] linkTarget, Map<String, byte[]> attributes) throws IOException {
        header(records(stat, attributes), path, stat, 0, linkTarget);
    }

    /** One more name for what was added before. */
    void addHardLink(EntryPath path, EntryPath target, FileStat stat) throws IOException {
        header(new Records(), path, '1', 0, 0, 0, 0, stat.mtimeSeconds(), target.bytes(), 0, 0);
    }

    /**
     * A file.
     *
     * @param parts where it has data, in order and apart from each other; all else is holes
     */
    void addFile(EntryPath path, FileStat stat, Map<String, byte[]> attributes, List<Part> parts, InputStream content)
            throws IOException {
        var records = records(stat, attributes);
        var stored = parts.stream().mapToLong(Part::length).sum();
        var list = new byte[0];
        if (stored < stat.size()) {
            list = list(parts);
            records.add("GNU.sparse.major", "1");
            records.add("GNU.sparse.minor", "0");
            records.add("GNU.sparse.realsize", String.valueOf(stat.size()));
        }
        header(records, path, stat, list.length + stored, new byte[0]);
        out.write(list);
        long at = 0;
        for (var part : parts) {
            content.skipNBytes(part.offset() - at);
            copy(content, part.length(), path);
            at = part.offset() + part.length();
        }
        pad(stored);
    }

    private void copy(InputStream content, long length, EntryPath path) throws IOException {
        for (var left = length; left > 0; ) {
            var count = content.readNBytes(buffer, 0, (int) Math.min(left, buffer.length));
            if (count == 0) {
                throw new ImageReadException(path + " ends early");
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    /** What stands in front of the data of a file with holes. */
    private static byte[] list(List<Part> parts) {
        var text = new StringBuilder().append(parts.size()).append('\n');
        parts.forEach(part ->
                text.append(part.offset()).append('\n').append(part.length()).append('\n'));
        var bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
        return Arrays.copyOf(bytes, (bytes.length + BLOCK - 1) / BLOCK * BLOCK);
    }

    /** Writes the end. */
    void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private static Records records(FileStat stat, Map<String, byte[]> attributes) {
        var records = new Records();
        if (stat.mtimeNanos() != 0) {
            var time = BigDecimal.valueOf(stat.mtimeSeconds()).add(BigDecimal.valueOf(stat.mtimeNanos(), 9));
            records.add("mtime", time.toPlainString());
        }
        attributes.forEach((name, value) -> records.add("SCHILY.xattr." + name, value));
        return records;
    }

    private void header(Records records, EntryPath path, FileStat stat, long size, byte[] target) throws IOException {
        header(
                records,
                path,
                type(stat.kind()),
                stat.mode(),
                stat.uid(),
                stat.gid(),
                size,
                stat.mtimeSeconds(),
                target,
                stat.deviceMajor(),
                stat.deviceMinor());
    }

    private static char type(FileKind kind) {
        return switch (kind) {
            case FILE -> '0';
            case SYMLINK -> '2';
            case CHAR_DEVICE -> '3';
            case BLOCK_DEVICE -> '4';
            case DIRECTORY -> '5';
            case FIFO -> '6';
            case SOCKET -> throw new IllegalArgumentException("no tar has sockets");
        };
    }

    private void header(
            Records records,
            EntryPath path,
            char type,
            int mode,
            long uid,
            long gid,
            long size,
            long mtime,
            byte[] target,
            int major,
            int minor)
            throws IOException {
        var name = path.isRoot() ? ROOT : path.bytes();
        if (name.length > NAME) {
            records.add("path", name);
        }
        if (target.length > NAME) {
            records.add("linkpath", target);
        }
        var extension = records.bytes.toByteArray();
        if (extension.length > 0) {
            var before = new byte[BLOCK];
            GnuTarWriter.number(before, 124, 12, extension.length);
            seal(before, 'x');
            out.write(extension);
            pad(extension.length);
        }
        var header = new byte[BLOCK];
        GnuTarWriter.put(header, 0, Arrays.copyOf(name, Math.min(name.length, NAME)));
        GnuTarWriter.number(header, 100, 8, mode);
        GnuTarWriter.number(header, 108, 8, uid);
        GnuTarWriter.number(header, 116, 8, gid);
        GnuTarWriter.number(header, 124, 12, size);
        GnuTarWriter.number(header, 136, 12, mtime);
        GnuTarWriter.put(header, 157, Arrays.copyOf(target, Math.min(target.length, NAME)));
        GnuTarWriter.number(header, 329, 8, major);
        GnuTarWriter.number(header, 337, 8, minor);
        seal(header, type);
    }

    private void seal(byte[] header, char type) throws IOException {
        GnuTarWriter.put(header, 257, "ustar\00000".getBytes(StandardCharsets.US_ASCII));
        GnuTarWriter.seal(header, type);
        out.write(header);
    }

    private void pad(long length) throws IOException {
        out.write(new byte[(int) (-length & BLOCK - 1)]);
    }

    /** PAX records: {@code length key=value\n}, the length with all of it. */
    private static final class Records {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void add(String key, String value) {
            add(key, value.getBytes(StandardCharsets.US_ASCII));
        }

        void add(String key, byte[] value) {
            var name = key.getBytes(StandardCharsets.ISO_8859_1);
            var rest = name.length + value.length + 3;
            var length = rest + String.valueOf(rest).length();
            length = rest + String.valueOf(length).length();
            bytes.writeBytes(String.valueOf(length).getBytes(StandardCharsets.US_ASCII));
            bytes.write(' ');
            bytes.writeBytes(name);
            bytes.write('=');
            bytes.writeBytes(value);
            bytes.write('\n');
        }
    }
}
