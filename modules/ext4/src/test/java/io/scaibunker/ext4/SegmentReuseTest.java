package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer that lies in an image of this host is not decompressed again, and nobody can tell from the bytes. */
class SegmentReuseTest {
    private static final ImageSpec SPEC = new ImageSpec(64, "reuse", Instant.EPOCH);

    @TempDir
    Path directory;

    private SegmentStore store;
    private @Nullable ImageTable table;
    /** Names of the layers that were opened. */
    private final List<String> opened = new ArrayList<>();

    @BeforeEach
    void makesAStore() throws IOException {
        store = new SegmentDirectory(Files.createDirectory(directory.resolve("store")));
    }

    private Layer layer(String name, TarBuilder tar) {
        var bytes = tar.bytes();
        var plain = TarBuilder.layer(bytes, "sha256:" + HexFormat.of().formatHex(Sha256.of(bytes)));
        return new Layer() {
            @Override
            public String diffId() {
                return plain.diffId();
            }

            @Override
            public long storedBytes() {
                return plain.storedBytes();
            }

            @Override
            public InputStream open() throws IOException {
                synchronized (opened) {
                    opened.add(name);
                }
                return plain.open();
            }
        };
    }

    private static TarBuilder files(int seed, int count) {
        var random = new Random(seed);
        var tar = new TarBuilder();
        for (var index = 0; index < count; index++) {
            var bytes = new byte[random.nextInt(60_000)];
            random.nextBytes(bytes);
            tar.file("layer" + seed + "/file" + index, "", content(bytes));
        }
        return tar.symlink("link" + seed, "layer" + seed)
                .hardLink("hard" + seed, "layer" + seed + "/file0")
                .file("capable" + seed, "x", TarBuilder.xattr("user.\u00ff", "1\0"));
    }

    private Path bake(String name, SegmentStore from, Layer... layers) throws IOException {
        opened.clear();
        var image = directory.resolve(name);
        table = new NativeWriter(LayerLimits.DEFAULT, 2, from)
                .write(new LayerStack(List.of(layers)), SPEC, image, WriteProgress.NONE)
                .table();
        return image;
    }

    @Test
    void itIsToldWhichLayersLayHereBefore() throws IOException {
        var base = layer("base", files(1, 3));
        var top = layer("top", files(2, 3));
        bake("first", store, base);

        var written = new NativeWriter(LayerLimits.DEFAULT, 2, store)
                .write(new LayerStack(List.of(base, top)), SPEC, directory.resolve("second"), WriteProgress.NONE);

        assertThat(written.reused()).containsExactly(0);
    }

    private void isAsIfReadAgain(Path image, Layer... layers) throws IOException {
        var made = table;
        var fresh = bake("fresh", SegmentStore.NONE, layers);
        assertThat(Files.mismatch(image, fresh)).isEqualTo(-1);
        assertThat(made).isEqualTo(table);
    }

    @Test
    void onlyTheNewLayerIsRead() throws Exception {
        var base = layer("base", files(1, 100));
        var middle = layer("middle", files(2, 50).whiteout("layer1/file7"));
        var top = layer("top", files(3, 3).file("layer2/file1", "new"));
        bake("old", store, base, middle);
        assertThat(opened).containsExactlyInAnyOrder("base", "middle");
        var image = bake("new", store, base, middle, top);
        assertThat(opened).containsExactly("top");
        isAsIfReadAgain(image, base, middle, top);
        assertThat(directory.resolve("store").toFile().list()).hasSize(6);
    }

    @Test
    void aPartThatWasCutOutAndIsNeededIsReadFromTheLayer() throws Exception {
        var base = layer("base", files(1, 20));
        bake("old", store, base, layer("hiding", new TarBuilder().whiteout("layer1/file5")));
        var image = bake("new", store, base);
        assertThat(opened).containsExactly("base");
        isAsIfReadAgain(image, base);
        bake("newer", store, base);
        assertThat(opened).isEmpty();
    }

    @Test
    void anImageThatIsGoneOrTouchedOrHasABrokenIndexIsNotUsed() throws Exception {
        var base = layer("base", files(1, 20));
        Files.delete(bake("old", store, base));
        var old = bake("old", store, base);
        assertThat(opened).containsExactly("base");
        Files.setLastModifiedTime(old, FileTime.fromMillis(0));
        bake("old", store, base);
        assertThat(opened).containsExactly("base");
        var hex = base.diffId().substring("sha256:".length());
        var index = directory.resolve("store").resolve(hex + ".index");
        for (var length : List.of(0, 10, 1000)) {
            Files.write(index, java.util.Arrays.copyOf(Files.readAllBytes(index), length));
            var image = bake("new", store, base);
            assertThat(opened).containsExactly("base");
            isAsIfReadAgain(image, base);
        }
        bake("last", store, base);
        assertThat(opened).isEmpty();
    }

    /** Pieces that are cut differently in the two images are hashed again, all others are believed. */
    @Test
    void theTableOfAnAdoptedLayerIsRight() throws Exception {
        var base = layer("base", files(1, 100));
        bake("old", store, base, layer("hiding", new TarBuilder().whiteout("layer1/file3")));
        var hiding = layer("more", new TarBuilder().whiteout("layer1/file3").whiteout("layer1/file70"));
        var image = bake("new", store, base, hiding);
        assertThat(opened).containsExactly("more");
        isAsIfReadAgain(image, base, hiding);
    }

    @Test
    void aLayerThatIsNotWhatItClaimsIsNotKept() throws Exception {
        var claim = "sha256:" + "1".repeat(64);
        var wrong = TarBuilder.layer(files(1, 3).bytes(), claim);
        try {
            bake("image", store, wrong);
        } catch (IOException expected) {
            assertThat(expected).hasMessageContaining(claim);
        }
        assertThat(store.find(claim)).isNull();
        assertThat(directory.resolve("store")).isEmptyDirectory();
    }
}
