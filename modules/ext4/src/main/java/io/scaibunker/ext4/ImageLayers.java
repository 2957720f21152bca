package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.ext4.SegmentStore.StoredLayer;
import io.scaibunker.layers.Entry;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Takes an image of {@link NativeWriter} apart into layers, so that another one can be written on top of it: its files' data
 * stay where they are, in their segments, and are copied from there block by block. The layers' merge is the image's tree;
 * what upper layers of the image hide is gone for good. Nothing but the image and its table is needed, neither the source that
 * it was made from nor a note of any bake.
 */
public final class ImageLayers {
    private record Placed(int segment, EntryPath path) {}

    private final Ext4Reader image;
    private final List<Segment> segments;
    private final List<LayerIndex.Writer> indexes;
    private final Map<Long, Placed> firstNames = new HashMap<>();

    private ImageLayers(Ext4Reader image, List<Segment> segments, List<LayerIndex.Writer> indexes) {
        this.image = image;
        this.segments = segments;
        this.indexes = indexes;
    }

    /**
     * The layers, lowest first; good for as long as the image and the directory are there.
     *
     * @param directory takes a file a layer
     * @throws ImageWriteException UNSUPPORTED for an image of another writer
     */
    public static List<Layer> of(Path image, ImageTable table, Path directory) throws IOException {
        var segments = table.segments();
        if (segments.isEmpty()) {
            throw new ImageWriteException(Reason.UNSUPPORTED, "the base was written by a writer that knows no layers");
        }
        var files = new ArrayList<Path>();
        var indexes = new ArrayList<LayerIndex.Writer>();
        try (var reader = Ext4Reader.open(image)) {
            for (var segment = 0; segment < segments.size(); segment++) {
                files.add(directory.resolve("placed-" + segment));
                indexes.add(new LayerIndex.Writer(files.get(segment)));
            }
            reader.walk(new ImageLayers(reader, segments, indexes)::add);
            for (var index : indexes) {
                index.end();
            }
        } finally {
            for (var index : indexes) {
                index.close();
            }
        }
        var layers = new ArrayList<Layer>();
        for (var segment = 0; segment < segments.size(); segment++) {
            layers.add(new PlacedLayer(new StoredLayer(segments.get(segment), image, files.get(segment))));
        }
        return layers;
    }

    /** Whatever has no data is of the lowest layer. */
    private void add(EntryPath path, FileStat stat) throws IOException {
        var first = stat.kind() == FileKind.DIRECTORY || stat.links() == 1 ? null : firstNames.get(stat.inode());
        if (first != null) {
            indexes.get(first.segment())
                    .add(entry(path, EntryKind.HARDLINK, stat, first.path().bytes(), Map.of()), List.of());
            return;
        }
        var extents = stat.kind() == FileKind.FILE ? image.extents(stat) : List.<Extent>of();
        var segment = extents.isEmpty() ? 0 : segmentOf(stat, extents);
        var target = stat.kind() == FileKind.SYMLINK ? image.linkTarget(stat) : new byte[0];
        var start = segments.get(segment).offset() >> Ext4.BLOCK_BITS;
        indexes.get(segment)
                .add(
                        entry(path, kind(stat), stat, target, image.xattrs(stat)),
                        extents.stream()
                                .map(run -> new Extent(run.logical(), run.physical() - start, run.length()))
                                .toList());
        if (stat.links() > 1) {
            firstNames.put(stat.inode(), new Placed(segment, path));
        }
    }

    /** The one that has all of a file's blocks. */
    private int segmentOf(FileStat stat, List<Extent> extents) throws ImageReadException {
        for (var number = 0; number < segments.size(); number++) {
            var start = segments.get(number).offset() >> Ext4.BLOCK_BITS;
            var end = start + (segments.get(number).length() >> Ext4.BLOCK_BITS);
            if (extents.stream().allMatch(run -> run.physical() >= start && run.physical() + run.length() <= end)) {
                return number;
            }
        }
        throw new ImageReadException("inode " + stat.inode() + ": its data lie in no layer");
    }

    private static EntryKind kind(FileStat stat) throws ImageReadException {
        return switch (stat.kind()) {
            case FILE -> EntryKind.FILE;
            case DIRECTORY -> EntryKind.DIRECTORY;
            case SYMLINK -> EntryKind.SYMLINK;
            case CHAR_DEVICE -> EntryKind.CHAR_DEVICE;
            case BLOCK_DEVICE -> EntryKind.BLOCK_DEVICE;
            case FIFO -> EntryKind.FIFO;
            case SOCKET -> throw new ImageReadException("inode " + stat.inode() + ": no image of ours has sockets");
        };
    }

    private static Entry entry(
            EntryPath path, EntryKind kind, FileStat stat, byte[] target, Map<String, byte[]> attributes) {
        return new Entry(
                path,
                kind,
                stat.mode(),
                stat.uid(),
                stat.gid(),
                stat.mtimeSeconds(),
                stat.mtimeNanos(),
                stat.kind() == FileKind.FILE ? stat.size() : 0,
                target,
                stat.deviceMajor(),
                stat.deviceMinor(),
                attributes.isEmpty() ? Collections.emptySortedMap() : new TreeMap<>(attributes));
    }
}
