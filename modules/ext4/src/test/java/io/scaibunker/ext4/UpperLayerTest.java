package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a bunker has written becomes a layer, and an image on top of the one that it was booted from. */
class UpperLayerTest {
    private static final ImageSpec SPEC = new ImageSpec(8, "upper", Instant.EPOCH);

    @TempDir
    Path directory;

    /** A disk as the overlay leaves it: whiteouts are devices 0:0 that share an inode, a replaced directory is opaque. */
    private static TarBuilder upper() {
        var holes = new byte[1 << 20];
        holes[70_000] = 1;
        holes[holes.length - 1] = 2;
        return new TarBuilder()
                .directory("work")
                .file("work/not-mine", "x")
                .directory("upper", TarBuilder.mode(0711).andThen(TarBuilder.xattr("trusted.overlay.impure", "y")))
                .file("upper/new", "new", TarBuilder.mtime("1700000000.123456789"))
                .file("upper/holes", "", content(holes))
                .file("upper/empty", "")
                .add("upper/gone", '3', member -> {})
                .directory("upper/etc")
                .hardLink("upper/etc/gone-too", "upper/gone")
                .file("upper/etc/" + "long-".repeat(35), "long name")
                .directory("upper/replaced", TarBuilder.xattr("trusted.overlay.opaque", "y"))
                .file("upper/replaced/inside", "only this")
                .file("upper/twice", "twice", TarBuilder.xattr("user.\u00ff", "\0\n1 k=v\n"))
                .hardLink("upper/etc/twice", "upper/twice")
                .symlink("upper/link", "etc/" + "./".repeat(80) + "kept")
                .add("upper/pipe", '6', member -> member.mode = 0622)
                .add("upper/null", '3', member -> {
                    member.major = 1;
                    member.minor = 3;
                });
    }

    private static List<TarBuilder> base() {
        return List.of(
                new TarBuilder()
                        .directory("etc")
                        .file("etc/kept", "kept", TarBuilder.xattr("user.x", "1"))
                        .file("etc/gone-too", "x")
                        .file("gone", "gone".repeat(5000))
                        .hardLink("etc/same-as-gone", "gone")
                        .directory("replaced")
                        .file("replaced/old", "old"),
                new TarBuilder().file("second", "of another layer".repeat(3000)).file("zero", ""));
    }

    private ImageTable bake(String name, SegmentStore store, List<Layer> layers) throws IOException {
        return new NativeWriter(LayerLimits.DEFAULT, 2, store)
                .write(new LayerStack(layers), SPEC, directory.resolve(name), WriteProgress.NONE)
                .table();
    }

    private UpperLayer.Written take(String disk, String tar) throws IOException {
        return UpperLayer.write(directory.resolve(disk), directory.resolve(tar), LayerLimits.DEFAULT, () -> {});
    }

    private Layer layer(String tar, UpperLayer.Written written) {
        return new Layer() {
            @Override
            public String diffId() {
                return written.diffId();
            }

            @Override
            public long storedBytes() {
                return written.bytes();
            }

            @Override
            public InputStream open() throws IOException {
                return new BufferedInputStream(Files.newInputStream(directory.resolve(tar)));
            }
        };
    }

    @Test
    void whatWasWrittenOverAnImageIsAnImageWithOneSegmentMore() throws Exception {
        var base = bake(
                "base",
                SegmentStore.NONE,
                base().stream().map(TarBuilder::layer).toList());
        bake("disk", SegmentStore.NONE, List.of(upper().layer()));
        var written = take("disk", "tar");
        assertThat(written.bytes()).as("a hole takes no room").isLessThan(100_000);

        var placed =
                ImageLayers.of(directory.resolve("base"), base, Files.createDirectory(directory.resolve("placed")));
        var layers = new ArrayList<>(placed);
        layers.add(layer("tar", written));
        var table = bake("image", SegmentStore.NONE, layers);

        var seen = Snapshot.of(directory.resolve("image"));
        assertThat(seen)
                .containsOnlyKeys(
                        "/",
                        "empty",
                        "etc",
                        "etc/kept",
                        "etc/" + "long-".repeat(35),
                        "etc/same-as-gone",
                        "etc/twice",
                        "holes",
                        "link",
                        "new",
                        "null",
                        "pipe",
                        "replaced",
                        "replaced/inside",
                        "second",
                        "twice",
                        "zero");
        var disk = Snapshot.of(directory.resolve("disk"));
        for (var name : List.of("new", "holes", "twice", "pipe", "null", "link", "etc/" + "long-".repeat(35))) {
            assertThat(seen.get(name))
                    .as(name)
                    .isEqualTo(disk.get("upper/" + name).replace(" as upper/", " as "));
        }
        assertThat(seen.get("/")).startsWith("DIRECTORY 711").doesNotContain("overlay");
        var before = Snapshot.of(directory.resolve("base"));
        assertThat(seen.get("etc/kept")).isEqualTo(before.get("etc/kept"));
        assertThat(seen.get("etc/same-as-gone")).contains(" links 1 ").contains(" size 20000 ");

        assertThat(table.segments()).hasSize(3);
        for (var segment = 0; segment < 2; segment++) {
            assertThat(table.segments().get(segment).length())
                    .isEqualTo(base.segments().get(segment).length());
        }
        assertThat(table.segments().get(2).diffId()).isEqualTo(written.diffId());
        Programs.assumeInstalled();
        assertThat(Programs.run("e2fsck", "-fn", directory.resolve("image").toString())
                        .code())
                .isZero();
    }

    /** The base is taken apart without its layers, and nobody can tell from the bytes. */
    @Test
    void anImageTakenApartAndWrittenAgainIsTheSame() throws Exception {
        var layers = base().stream().map(TarBuilder::layer).toList();
        var table = bake("base", SegmentStore.NONE, layers);
        var placed =
                ImageLayers.of(directory.resolve("base"), table, Files.createDirectory(directory.resolve("placed")));
        assertThat(bake("again", SegmentStore.NONE, placed)).isEqualTo(table);
        assertThat(Files.mismatch(directory.resolve("base"), directory.resolve("again")))
                .isEqualTo(-1);
        var gone = directory.resolve("base");
        Files.write(gone, new byte[] {1});
        assertThatThrownBy(() -> bake("none", SegmentStore.NONE, placed)).isInstanceOf(ImageWriteException.class);
    }

    @Test
    void whatNoLayerCanSayIsRefused() throws Exception {
        var moved = new TarBuilder().directory("upper", TarBuilder.xattr("trusted.overlay.redirect", "/etc"));
        var hollow = new TarBuilder().file("upper/a", "", TarBuilder.xattr("trusted.overlay.metacopy", ""));
        var marked = new TarBuilder().file("upper/" + "x".repeat(9), "");
        bake("moved", SegmentStore.NONE, List.of(moved.layer()));
        bake("hollow", SegmentStore.NONE, List.of(hollow.layer()));
        bake("marked", SegmentStore.NONE, List.of(marked.layer()));
        rename(directory.resolve("marked"), "x".repeat(9), ".wh.xxxxx");
        for (var disk : List.of("moved", "hollow", "marked")) {
            assertThatThrownBy(() -> take(disk, "tar-" + disk))
                    .as(disk)
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining(disk.equals("marked") ? "deletion" : "elsewhere");
        }
        bake(
                "nothing",
                SegmentStore.NONE,
                List.of(new TarBuilder().file("x", "").layer()));
        assertThatThrownBy(() -> take("nothing", "tar")).isInstanceOf(ImageReadException.class);
    }

    /** A writer of ours would take the new name for a whiteout. */
    private static void rename(Path image, String name, String other) throws IOException {
        var text = Files.readString(image, StandardCharsets.ISO_8859_1);
        Files.writeString(image, text.replace(name, other), StandardCharsets.ISO_8859_1);
    }

    @Test
    void moreThanTheLimitsIsRefused() throws Exception {
        bake("disk", SegmentStore.NONE, List.of(upper().layer()));
        var disk = directory.resolve("disk");
        var few = new LayerLimits(10, 4096, 255, 1024, 64 << 10, 1 << 20, 64L << 30, 64L << 20);
        var small = new LayerLimits(1000, 4096, 255, 1024, 64 << 10, 1 << 20, 1 << 19, 64L << 20);
        for (var limits : List.of(few, small)) {
            var tar = Files.createTempDirectory(directory, "tar").resolve("tar");
            assertThatThrownBy(() -> UpperLayer.write(disk, tar, limits, () -> {}))
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining("more than");
        }
    }

    /** Bytes are changed where something stands. Whatever that makes of it, it ends, within its bounds, in no other failure. */
    @Test
    void nothingOnTheDiskKeepsItBusyOrMakesItWriteMoreThanTheDiskHolds() throws Exception {
        bake("disk", SegmentStore.NONE, List.of(upper().layer()));
        var good = Files.readAllBytes(directory.resolve("disk"));
        var places = IntStream.range(1024, good.length)
                .filter(place -> good[place] != 0)
                .toArray();
        var random = new Random(11);
        var refused = 0;
        for (var round = 0; round < 300; round++) {
            var bad = good.clone();
            for (var changes = 1 + random.nextInt(4); changes > 0; changes--) {
                bad[places[random.nextInt(places.length)]] = (byte) random.nextInt(256);
            }
            Files.write(directory.resolve("bad"), bad);
            refused += assertTimeoutPreemptively(Duration.ofSeconds(20), this::takeBad) ? 1 : 0;
        }
        assertThat(refused).isBetween(3, 297);
    }

    private boolean takeBad() throws IOException {
        Files.deleteIfExists(directory.resolve("tar"));
        try {
            assertThat(take("bad", "tar").bytes()).isLessThan(20L << 20);
            return false;
        } catch (ImageReadException | LayerException refused) {
            return true;
        }
    }

    @Test
    void aCopyHasTheDataAndTheHoles() throws Exception {
        var from = directory.resolve("from");
        try (var file = new RandomAccessFile(from.toFile(), "rw")) {
            file.setLength(300L << 20);
            file.seek(1 << 20);
            file.write(new byte[] {1, 2, 3});
            file.seek((300L << 20) - 5);
            file.write(new byte[] {4, 5});
        }
        var to = directory.resolve("to");
        assertThat(SparseCopy.copy(from, to)).isLessThan(1 << 20).isEqualTo(SparseCopy.dataOf(from));
        assertThat(Files.mismatch(from, to)).isEqualTo(-1);
        var blocks = Programs.run("stat", "-c", "%b", to.toString()).output().strip();
        assertThat(Long.parseLong(blocks) * 512).isLessThan(1 << 20);
        assertThatThrownBy(() -> SparseCopy.copy(from, to)).isInstanceOf(IOException.class);
        var link = Files.createSymbolicLink(directory.resolve("link"), from);
        assertThatThrownBy(() -> SparseCopy.copy(link, directory.resolve("other")))
                .isInstanceOf(IOException.class);
    }
}
