package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.ext4.Ext4Reader;
import io.scaibunker.ext4.UpperLayer;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots are kept whole or not at all, and become images by themselves. */
class SnapshotShelfTest {
    @TempDir
    Path directory;

    private WorkerFiles files;
    private CopyLedger ledger;
    private SnapshotShelf shelf;

    @BeforeEach
    void open() throws Exception {
        Files.createDirectories(directory.resolve("roots"));
        files = WorkerFiles.open(directory.resolve("worker"));
        ledger = CopyLedger.open(files.copies());
        shelf = SnapshotShelf.open(files.snapshots(), ledger);
    }

    private ImageBaker baker() throws IOException {
        return new ImageBaker(
                files,
                ledger,
                new Inventories(files.inventories(), ledger),
                BlobCache.open(files.blobs(), 0),
                new ImageSources(SourceConfig.DEFAULTS.withTarRoots(List.of(directory.resolve("roots")))),
                shelf,
                new Throttle(0, () -> false),
                WorkerConfig.Baker.NATIVE);
    }

    private static BakeJob job(ImageId image, BuildSource source) {
        WantedCopy wanted = new WantedCopy(image, 1, CacheStatus.PENDING, true, source, 32, null, null, false);
        Turn mine = new Turn(Turn.Kind.BAKE, null, List.of());
        return new BakeJob(wanted, Optional.empty(), UnaryOperator.identity(), () -> mine, new BakeJob.Listener() {
            @Override
            public void phase(CachePhase phase) {}

            @Override
            public void bytes(CachePhase phase, String from, long done, long total) {}
        });
    }

    private Copy bake(ImageId image, String name, Map<String, byte[]> content) throws Exception {
        Path tar = Tars.ofBytes(directory.resolve("roots").resolve(name + ".tar"), content);
        return baker().bake(job(image, new BuildSource.Tar(tar.toString()))).orElseThrow();
    }

    /** As a worker takes one, but for the machine: an image that has an upper directory stands for the disk. */
    private SnapshotId take(Copy base, String name, Map<String, byte[]> upper) throws Exception {
        Copy disk = bake(ImageId.fresh(), name, upper);
        SnapshotId id = SnapshotId.fresh();
        Path place = shelf.begin(id);
        Files.createLink(SnapshotShelf.imageIn(place), ledger.fileOf(base.artifactDigest()));
        Files.write(
                SnapshotShelf.tableIn(place),
                ledger.table(base.artifactDigest()).orElseThrow().encoded());
        UpperLayer.Written layer = UpperLayer.write(
                ledger.fileOf(disk.artifactDigest()), SnapshotShelf.tarIn(place), LayerLimits.DEFAULT, () -> {});
        shelf.keep(
                id,
                new SnapshotShelf.Kept(
                        place,
                        base.artifactDigest(),
                        base.allocatedBytes(),
                        new Digest(layer.diffId()),
                        layer.bytes()));
        return id;
    }

    private static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private byte[] read(Copy copy, String path) throws IOException {
        try (Ext4Reader image = Ext4Reader.open(ledger.fileOf(copy.artifactDigest()))) {
            var found = image.find(EntryPath.of(path));
            assertThat(found).as(path).isNotNull();
            try (var content = image.open(found)) {
                return content.readAllBytes();
            }
        }
    }

    @Test
    void anImageOfASnapshotOfAnImageOfASnapshotNeedsNeitherSourceNorCopyOfTheBase() throws Exception {
        ImageId baseId = ImageId.fresh();
        Copy base = bake(baseId, "base", Map.of("etc/kept", bytes(1, 5_000_000), "etc/changed", bytes(2, 100)));
        SnapshotId first = take(base, "first", Map.of("upper/etc/changed", bytes(3, 70_000)));
        ledger.remove(baseId);
        Files.delete(directory.resolve("roots/base.tar"));
        assertThat(ledger.fileOf(base.artifactDigest())).doesNotExist();

        Copy image = baker().bake(job(ImageId.fresh(), new BuildSource.Snapshot(first)))
                .orElseThrow();
        assertThat(read(image, "etc/kept")).isEqualTo(bytes(1, 5_000_000));
        assertThat(read(image, "etc/changed")).isEqualTo(bytes(3, 70_000));
        SnapshotId second = take(image, "second", Map.of("upper/new", bytes(4, 30_000)));
        Copy last = baker().bake(job(ImageId.fresh(), new BuildSource.Snapshot(second)))
                .orElseThrow();

        assertThat(read(last, "new")).isEqualTo(bytes(4, 30_000));
        assertThat(read(last, "etc/changed")).isEqualTo(bytes(3, 70_000));
        var segments = ledger.table(last.artifactDigest()).orElseThrow().segments();
        assertThat(segments).hasSize(3);
        assertThat(segments.get(0).length()).isBetween(5_000_000L, 5_100_000L);
        assertThat(segments.get(1).length()).isBetween(70_000L, 80_000L);
        assertThat(segments.get(2).length()).isBetween(30_000L, 40_000L);
        assertThat(segments.get(2).diffId())
                .isEqualTo(shelf.find(second).orElseThrow().layer().text());

        // The same again is the same, by the ledger or by another bake.
        assertThat(baker().bake(job(ImageId.fresh(), new BuildSource.Snapshot(second))))
                .contains(last);
        ledger.all().keySet().forEach(this::remove);
        assertThat(baker().bake(job(ImageId.fresh(), new BuildSource.Snapshot(second))))
                .contains(last);
        assertThat(run("e2fsck", "-fn", ledger.fileOf(last.artifactDigest()).toString()))
                .isZero();
        assertThat(files.bakes()).isEmptyDirectory();
    }

    private void remove(ImageId image) {
        try {
            ledger.remove(image);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatTheBaseTakesCountsOnceItsCopyIsGone() throws Exception {
        ImageId baseId = ImageId.fresh();
        Copy base = bake(baseId, "base", Map.of("a", bytes(1, 1_000_000)));
        SnapshotId id = take(base, "disk", Map.of("upper/b", bytes(2, 1000)));
        long layer = shelf.find(id).orElseThrow().layerBytes();
        assertThat(shelf.bytes()).isEqualTo(layer);
        ledger.remove(baseId);
        assertThat(shelf.bytes()).isEqualTo(layer + base.allocatedBytes());
        shelf.remove(id);
        assertThat(shelf.bytes()).isZero();
        assertThat(files.snapshots()).isEmptyDirectory();
        shelf.remove(id);
    }

    @Test
    void theNextRunFindsWhatIsWholeAndRemovesAllElse() throws Exception {
        Copy base = bake(ImageId.fresh(), "base", Map.of("a", bytes(1, 1000)));
        SnapshotId whole = take(base, "one", Map.of("upper/b", bytes(2, 1000)));
        SnapshotId cut = take(base, "two", Map.of("upper/b", bytes(3, 1000)));
        SnapshotId unnamed = take(base, "three", Map.of("upper/b", bytes(4, 1000)));
        Files.write(shelf.find(cut).orElseThrow().tar(), new byte[3]);
        Files.delete(shelf.find(unnamed).orElseThrow().place().resolve("snapshot.json"));
        Files.write(shelf.begin(SnapshotId.fresh()).resolve("disk.ext4"), new byte[100]);

        SnapshotShelf next = SnapshotShelf.open(files.snapshots(), ledger);

        assertThat(next.ids()).containsExactly(whole);
        assertThat(next.find(whole)).isEqualTo(shelf.find(whole));
        assertThat(files.snapshots().toFile().list()).containsExactly(whole.toString());
    }

    @Test
    void aSnapshotThatIsNotHereMakesNoImage() {
        assertThatThrownBy(() -> baker().bake(job(ImageId.fresh(), new BuildSource.Snapshot(SnapshotId.fresh()))))
                .isInstanceOf(PlatformException.class)
                .extracting(thrown -> ((PlatformException) thrown).code())
                .isEqualTo(ErrorCode.SOURCE_NOT_FOUND);
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
