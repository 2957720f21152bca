package io.scaibunker.ext4;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SegmentStore} in a directory: for each layer its entries, and a note of the image that it lies in. An image that
 * was removed or touched since takes its notes with it. There are two small files a layer, which the directory's owner may
 * remove at any time.
 */
public final class SegmentDirectory implements SegmentStore {
    private static final int VERSION = 2;
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private final Path directory;

    /** @param directory exists, on the file system of the images, and is closed to others */
    public SegmentDirectory(Path directory) {
        this.directory = directory;
    }

    private record Note(Segment segment, Path image, long size, long modified) {
        boolean holds() throws IOException {
            try {
                return Files.size(image) == size
                        && Files.getLastModifiedTime(image).toMillis() == modified;
            } catch (NoSuchFileException gone) {
                return false;
            }
        }
    }

    /** Removes what is of no use: notes whose image is gone, and indexes without a note. While nobody bakes. */
    public void sweep() throws IOException {
        try (var files = Files.newDirectoryStream(directory, "*.{note,new}")) {
            for (var file : files) {
                var name = file.getFileName().toString();
                var diffId = "sha256:" + name.substring(0, name.indexOf('.'));
                var note = DIGEST.matcher(diffId).matches() ? note(diffId) : null;
                if (note == null || !note.holds()) {
                    Files.deleteIfExists(file);
                }
            }
        }
        try (var files = Files.newDirectoryStream(directory, "*.index")) {
            for (var file : files) {
                if (!Files.exists(
                        file.resolveSibling(file.getFileName().toString().replace(".index", ".note")))) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    @Override
    public @Nullable StoredLayer find(String diffId) throws IOException {
        var note = note(diffId);
        if (note == null || !Files.exists(file(diffId, ".index"))) {
            return null;
        }
        if (!note.holds()) {
            Files.deleteIfExists(file(diffId, ".note"));
            return null;
        }
        return new StoredLayer(note.segment(), note.image(), file(diffId, ".index"));
    }

    @Override
    public void keep(Segment segment, Path image, @Nullable Path index) throws IOException {
        if (index != null) {
            WorkDirectory.force(index);
            Files.move(index, file(segment.diffId(), ".index"), StandardCopyOption.REPLACE_EXISTING);
        }
        var known = note(segment.diffId());
        if (known != null && known.holds() && cutBytes(known.segment()) < cutBytes(segment)) {
            return;
        }
        var size = Files.size(image);
        var modified = Files.getLastModifiedTime(image).toMillis();
        var temporary = Files.createTempFile(directory, "note", ".new");
        Files.write(temporary, bytes(new Note(segment, image, size, modified)));
        WorkDirectory.force(temporary);
        Files.move(temporary, file(segment.diffId(), ".note"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static long cutBytes(Segment segment) {
        return segment.cut().stream().mapToLong(Segment.Cut::length).sum();
    }

    private Path file(String diffId, String ending) {
        if (!DIGEST.matcher(diffId).matches()) {
            throw new IllegalArgumentException("no diff_id: " + diffId);
        }
        return directory.resolve(diffId.substring("sha256:".length()) + ending);
    }

    private static byte[] bytes(Note note) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeInt(VERSION);
        out.writeUTF(note.image().toString());
        out.writeLong(note.size());
        out.writeLong(note.modified());
        var segment = note.segment();
        out.writeLong(segment.offset());
        out.writeLong(segment.length());
        out.writeInt(segment.pieces().count());
        out.write(segment.pieces().bytes());
        out.writeInt(segment.cut().size());
        for (var cut : segment.cut()) {
            out.writeLong(cut.offset());
            out.writeLong(cut.length());
        }
        return bytes.toByteArray();
    }

    /** Null for what is not there, broken, or of another version. */
    private @Nullable Note note(String diffId) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file(diffId, ".note"));
        } catch (NoSuchFileException none) {
            return null;
        }
        try {
            return note(diffId, new DataInputStream(new ByteArrayInputStream(bytes)));
        } catch (EOFException | UTFDataFormatException | IllegalArgumentException broken) {
            return null;
        }
    }

    private static @Nullable Note note(String diffId, DataInputStream in) throws IOException {
        if (in.readInt() != VERSION) {
            return null;
        }
        var image = Path.of(in.readUTF());
        var size = in.readLong();
        var modified = in.readLong();
        var offset = in.readLong();
        var length = in.readLong();
        var pieces = in.readNBytes(in.readInt() * Pieces.DIGEST);
        return new Note(new Segment(diffId, offset, length, Pieces.ofBytes(pieces), cuts(in)), image, size, modified);
    }

    private static List<Segment.Cut> cuts(DataInputStream in) throws IOException {
        var cuts = new ArrayList<Segment.Cut>();
        for (var left = in.readInt(); left > 0; left--) {
            cuts.add(new Segment.Cut(in.readLong(), in.readLong()));
        }
        return cuts;
    }
}
