package io.scaibunker.ext4;

import io.scaibunker.ext4.SegmentStore.StoredLayer;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.MergedTree;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One bake by {@link NativeWriter}: layers → tree → cut → inodes → digest → publish. */
final class NativeBake {
    private final LayerLimits limits;
    private final int threads;
    private final UsableSegments store;
    private final LayerStack layers;
    private final ImageSpec spec;
    private final WorkDirectory work;
    private final BakeProgress progress;
    private final Identity identity;
    private final Checksums checksums;
    private final long blocks;
    private final int madeAt;
    /** Blocks in use. */
    private final BitSet used = new BitSet();
    /** Blocks of these and of the tables that are not holes. */
    private final BitSet written = new BitSet();

    private final List<LayerPass> passes = new ArrayList<>();
    private final Map<String, Duration> phases = new LinkedHashMap<>();
    private long phaseStart = System.nanoTime();

    NativeBake(
            LayerLimits limits,
            int threads,
            UsableSegments store,
            LayerStack layers,
            ImageSpec spec,
            WorkDirectory work,
            WriteProgress told) {
        this.limits = limits;
        this.threads = threads;
        this.store = store;
        this.layers = layers;
        this.spec = spec;
        this.work = work;
        this.progress = new BakeProgress(told, layers.storedBytes());
        this.identity = Identity.of(spec.seed());
        this.checksums = new Checksums(identity.uuid());
        this.blocks = spec.sizeMib() << 20 >> Ext4.BLOCK_BITS;
        this.madeAt = Math.clamp(spec.timestamp().getEpochSecond(), 1, Integer.MAX_VALUE);
    }

    WrittenImage run(Path target) throws IOException {
        var file = work.resolve("image");
        ImageTable table;
        long names;
        var onlyOwner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (var image = FileChannel.open(file, options, onlyOwner)) {
            setLength(file);
            var meeting = pass(file, image);
            ended("layers");
            var tree = meeting.finish();
            names = tree.names();
            table = write(tree, meeting, image, file);
        } finally {
            for (var pass : passes) {
                pass.close();
            }
        }
        WorkDirectory.publish(file, target);
        keep(table.segments(), target);
        ended("publish");
        return new WrittenImage(table, (long) written.cardinality() << Ext4.BLOCK_BITS, names, reused(), phases);
    }

    private Set<Integer> reused() {
        return passes.stream()
                .filter(LayerPass::isStored)
                .map(LayerPass::layer)
                .collect(Collectors.toUnmodifiableSet());
    }

    private void setLength(Path file) throws IOException {
        try (var access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(spec.sizeMib() << 20);
        }
    }

    private void ended(String phase) {
        var now = System.nanoTime();
        phases.put(phase, Duration.ofNanos(now - phaseStart));
        phaseStart = now;
    }

    private Segments pass(Path file, FileChannel image) throws IOException {
        var count = layers.layers().size();
        var first = Geometry.FIRST_DATA;
        try (var direct = new DirectFile(file, image)) {
            var segments = new Segments(direct, work.path(), limits, count, first, blocks - first);
            for (var layer = 0; layer < count; layer++) {
                var metered = progress.metered(layers.layers().get(layer), segments::check);
                var stored = stored(layers.layers().get(layer));
                passes.add(new LayerPass(layer, metered, limits, segments, stored, store.keeps(metered.diffId())));
            }
            new PassRunner(threads, segments, progress).run(passes);
            return segments;
        }
    }

    private @Nullable StoredLayer stored(Layer layer) throws IOException {
        if (layer instanceof PlacedLayer placed) {
            return placed.stored();
        }
        var stored = store.keeps(layer.diffId()) ? store.find(layer.diffId()) : null;
        if (stored != null) {
            progress.done(layer.storedBytes());
        }
        return stored;
    }

    /** A host that cannot keep a note of a layer reads it again the next time; the image is good. */
    private void keep(List<Segment> segments, Path image) {
        for (var pass : passes) {
            var segment = segments.get(pass.layer());
            if (store.keeps(segment.diffId())) {
                try {
                    store.keep(segment, image, pass.index());
                } catch (IOException lost) {
                    System.getLogger(NativeBake.class.getName())
                            .log(Level.WARNING, "no note of layer " + segment.diffId() + " could be kept", lost);
                }
            }
        }
    }

    private ImageTable write(MergedTree tree, Segments meeting, FileChannel image, Path file) throws IOException {
        var dataEnd = meeting.start(passes.size());
        var limit = meeting.isTooMuch() ? 0 : blocks;
        var out = new BlockStream(image, dataEnd, limit, written);
        var writer = new TreeWriter(
                tree, passes, meeting, checksums, new NameHash(identity.hashSeed()), out, used, progress::tick);
        writer.writeBlocks();
        var geometry = Geometry.of(blocks, writer.end(), writer.lastInode());
        // Zeros and holes take no blocks; yet what reads as more than the whole file system is refused, as by mke2fs.
        var asRead = SpaceNeeded.fileBlocks(tree);
        if (!geometry.fits() || asRead > blocks) {
            var needed = Math.max(Geometry.mib(writer.end(), writer.lastInode()), asRead + 255 >> 8);
            throw new SizeCapExceeded(needed, spec.sizeMib());
        }
        ended("tree");
        fetch(meeting, image);
        var segments = new ArrayList<Segment>();
        try (var puncher = new HolePuncher(file, image)) {
            for (var pass : passes) {
                segments.add(cut(pass, meeting, puncher, image));
            }
        }
        ended("cut");
        written.or(used);
        used.set((int) dataEnd, (int) writer.end());
        writer.writeInodes(
                new BlockStream(image, geometry.tables(), blocks, written), new InodeRecord(checksums, madeAt));
        new GroupWriter(image, geometry, checksums, identity, madeAt, used, written, writer).write();
        var table = new ImageTable(
                spec.sizeMib() << 20,
                meeting.start(0) << Ext4.BLOCK_BITS,
                pieces(image, 0, meeting.start(0)),
                segments,
                pieces(image, dataEnd, blocks));
        ended("inodes");
        return table;
    }

    /** The pieces of what lies outside of the segments. */
    private Pieces pieces(FileChannel image, long firstBlock, long endBlock) throws IOException {
        return Pieces.read(
                image, firstBlock << Ext4.BLOCK_BITS, endBlock - firstBlock << Ext4.BLOCK_BITS, (from, to) -> {
                    var found = written.nextSetBit((int) (from >> Ext4.BLOCK_BITS));
                    return found >= 0 && found < to >> Ext4.BLOCK_BITS;
                });
    }

    /** Copies what lies in files of its own, and lives, to its place. */
    private void fetch(Segments meeting, FileChannel image) throws IOException {
        for (var pass : passes) {
            var end = meeting.start(pass.layer() + 1);
            for (var from = nextUsed(meeting.start(pass.layer()), end); from < end; ) {
                var to = Math.min(end, used.nextClearBit((int) from));
                pass.segment().fetch(image, from, (int) (to - from));
                progress.tick();
                from = nextUsed(to, end);
            }
        }
    }

    private long nextUsed(long from, long end) {
        var found = used.nextSetBit((int) from);
        return found < 0 ? end : Math.min(found, end);
    }

    private Segment cut(LayerPass pass, Segments meeting, HolePuncher puncher, FileChannel image) throws IOException {
        var start = meeting.start(pass.layer());
        var end = meeting.start(pass.layer() + 1);
        var cuts = new ArrayList<Segment.Cut>();
        for (long from = used.nextClearBit((int) start); from < end; ) {
            var to = nextUsed(from, end);
            var length = to - from << Ext4.BLOCK_BITS;
            puncher.punch(from << Ext4.BLOCK_BITS, length);
            progress.tick();
            cuts.add(new Segment.Cut(from - start << Ext4.BLOCK_BITS, length));
            from = used.nextClearBit((int) to);
        }
        return new Segment(
                layers.layers().get(pass.layer()).diffId(),
                start << Ext4.BLOCK_BITS,
                end - start << Ext4.BLOCK_BITS,
                pass.pieces(image, start << Ext4.BLOCK_BITS, cuts),
                cuts);
    }
}
