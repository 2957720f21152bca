package io.scaibunker.ext4;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** {@link ImageTable} as bytes. What is read may come from anybody: nothing is believed before it is there. */
final class TableCodec {
    private static final int VERSION = 0x5B7A0001;
    private static final int SEGMENTS = 10_000;

    private TableCodec() {}

    static byte[] encode(ImageTable table) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(VERSION);
            out.writeLong(table.sizeBytes());
            out.writeLong(table.headBytes());
            write(out, table.head());
            out.writeInt(table.segments().size());
            for (var segment : table.segments()) {
                write(out, segment);
            }
            write(out, table.tail());
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return bytes.toByteArray();
    }

    static void write(DataOutputStream out, Segment segment) throws IOException {
        out.writeUTF(segment.diffId());
        out.writeLong(segment.offset());
        out.writeLong(segment.length());
        write(out, segment.pieces());
        out.writeInt(segment.cut().size());
        for (var cut : segment.cut()) {
            out.writeLong(cut.offset());
            out.writeLong(cut.length());
        }
    }

    private static void write(DataOutputStream out, Pieces pieces) throws IOException {
        out.writeInt(pieces.count());
        out.write(pieces.bytes());
    }

    static ImageTable decode(byte[] bytes) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readInt() != VERSION) {
                throw new IOException("a table of another version");
            }
            var size = in.readLong();
            var headBytes = in.readLong();
            var head = readPieces(in);
            var segments = new ArrayList<Segment>();
            for (var left = atMost(in.readInt(), SEGMENTS); left > 0; left--) {
                segments.add(readSegment(in));
            }
            return new ImageTable(size, headBytes, head, segments, readPieces(in));
        } catch (IllegalArgumentException | ArithmeticException unfit) {
            throw new IOException("no table: " + unfit.getMessage(), unfit);
        }
    }

    static Segment readSegment(DataInputStream in) throws IOException {
        var diffId = in.readUTF();
        var offset = in.readLong();
        var length = in.readLong();
        var pieces = readPieces(in);
        List<Segment.Cut> cuts = new ArrayList<>();
        // Each has bytes of its own, so there cannot be more of them than the input is long.
        for (var left = in.readInt(); left > 0; left--) {
            cuts.add(new Segment.Cut(in.readLong(), in.readLong()));
        }
        return new Segment(diffId, offset, length, pieces, cuts);
    }

    private static Pieces readPieces(DataInputStream in) throws IOException {
        var count = atMost(in.readInt(), in.available() / Pieces.DIGEST);
        return Pieces.ofBytes(in.readNBytes(count * Pieces.DIGEST));
    }

    private static int atMost(int count, int most) throws IOException {
        if (count < 0 || count > most) {
            throw new IOException("a table with a count of " + count);
        }
        return count;
    }
}
