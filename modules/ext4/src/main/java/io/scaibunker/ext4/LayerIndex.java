package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import io.scaibunker.layers.Entry;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.EntryPath;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A layer's entries in a file, each with the blocks of the segment that hold its content: the layer without its bytes. */
final class LayerIndex {
    private static final int VERSION = 0x5B110001;
    private static final EntryKind[] KINDS = EntryKind.values();
    private static final int BUFFER = 64 << 10;

    private LayerIndex() {}

    /** Writes an index; what is not ended with {@link #end} is no index. */
    static final class Writer implements AutoCloseable {
        private final DataOutputStream out;

        Writer(Path file) throws IOException {
            out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER));
            out.writeInt(VERSION);
        }

        void add(Entry entry, List<Extent> blocks) throws IOException {
            out.writeByte(entry.kind().ordinal());
            bytes(out, entry.path().bytes());
            bytes(out, entry.linkTarget());
            out.writeInt(entry.mode());
            out.writeInt((int) entry.uid());
            out.writeInt((int) entry.gid());
            out.writeLong(entry.mtimeSeconds());
            out.writeInt(entry.mtimeNanos());
            out.writeLong(entry.size());
            out.writeInt(entry.deviceMajor());
            out.writeInt(entry.deviceMinor());
            out.writeInt(entry.xattrs().size());
            for (var attribute : entry.xattrs().entrySet()) {
                bytes(out, attribute.getKey().getBytes(StandardCharsets.ISO_8859_1));
                bytes(out, attribute.getValue());
            }
            out.writeInt(blocks.size());
            for (var run : blocks) {
                out.writeInt((int) run.logical());
                out.writeInt((int) run.physical());
                out.writeInt(run.length());
            }
        }

        void end() throws IOException {
            out.writeByte(KINDS.length);
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }

    /** Told of each entry, after its blocks were added to the contents. */
    @FunctionalInterface
    interface Taker {
        void take(Entry entry) throws IOException;
    }

    /** Reads an index; an {@link java.io.EOFException} where it was not ended. */
    static void read(Path file, LayerContents contents, Taker taker) throws IOException {
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER))) {
            if (in.readInt() != VERSION) {
                throw new IOException("an index of another version");
            }
            for (var kind = in.readByte(); kind != KINDS.length; kind = in.readByte()) {
                var path = EntryPath.ofCanonical(bytes(in));
                var target = bytes(in);
                var mode = in.readInt();
                var uid = Integer.toUnsignedLong(in.readInt());
                var gid = Integer.toUnsignedLong(in.readInt());
                var seconds = in.readLong();
                var nanos = in.readInt();
                var size = in.readLong();
                var major = in.readInt();
                var minor = in.readInt();
                var attributes = attributes(in);
                contents.begin(attributes);
                for (var left = in.readInt(); left > 0; left--) {
                    contents.addRun(in.readInt(), in.readInt(), in.readInt());
                }
                taker.take(new Entry(
                        path, KINDS[kind], mode, uid, gid, seconds, nanos, size, target, major, minor, attributes));
            }
        }
    }

    private static SortedMap<String, byte[]> attributes(DataInputStream in) throws IOException {
        var attributes = new TreeMap<String, byte[]>();
        for (var left = in.readInt(); left > 0; left--) {
            attributes.put(new String(bytes(in), StandardCharsets.ISO_8859_1), bytes(in));
        }
        return attributes;
    }

    private static void bytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        var length = in.readInt();
        if (length < 0 || length > 1 << 20) {
            throw new IOException("an index that is broken");
        }
        return in.readNBytes(length);
    }
}
