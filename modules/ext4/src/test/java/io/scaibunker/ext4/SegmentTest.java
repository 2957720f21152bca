package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each layer's data lies in one piece that depends on the layer alone. */
class SegmentTest {
    @TempDir
    Path directory;

    private static Layer layer(TarBuilder tar) {
        return TarBuilder.layer(tar.bytes(), "sha256:" + HexFormat.of().formatHex(Sha256.of(tar.bytes())));
    }

    static TarBuilder files(int seed, int count) {
        var random = new Random(seed);
        var tar = new TarBuilder();
        for (var index = 0; index < count; index++) {
            var bytes = new byte[random.nextInt(100_000)];
            random.nextBytes(bytes);
            tar.file("layer" + seed + "/file" + index, "", content(bytes));
        }
        return tar;
    }

    private WrittenImage bake(String name, int threads, TarBuilder... layers) throws IOException {
        var spec = new ImageSpec(64, "segments", Instant.EPOCH);
        var stack = new LayerStack(Arrays.stream(layers).map(SegmentTest::layer).toList());
        return new NativeWriter(LayerLimits.DEFAULT, threads)
                .write(stack, spec, directory.resolve(name), WriteProgress.NONE);
    }

    private byte[] bytes(String image, Segment segment) throws IOException {
        var bytes = new byte[(int) segment.length()];
        try (var file = new RandomAccessFile(directory.resolve(image).toFile(), "r")) {
            file.seek(segment.offset());
            file.readFully(bytes);
        }
        return bytes;
    }

    static Pieces pieces(byte[] bytes) {
        var digests = new ArrayList<byte[]>();
        for (var start = 0; start < bytes.length; start += Pieces.BYTES) {
            digests.add(Sha256.of(Arrays.copyOfRange(bytes, start, Math.min(bytes.length, start + Pieces.BYTES))));
        }
        return Pieces.of(digests);
    }

    @Test
    void aSegmentIsTheSameInEachImageThatHasItsLayer() throws Exception {
        var base = files(1, 50);
        var one = bake("one", 2, base, files(2, 20)).segments();
        var two = bake("two", 2, base, files(3, 30), files(2, 20)).segments();
        assertThat(one.getFirst()).isEqualTo(two.getFirst());
        assertThat(one.get(1).digest()).isEqualTo(two.get(2).digest());
        assertThat(one.get(1).offset())
                .isEqualTo(one.getFirst().offset() + one.getFirst().length());
        assertThat(one.get(1).diffId()).isEqualTo(layer(files(2, 20)).diffId());
        for (var segment : two) {
            assertThat(segment.isWhole()).isTrue();
            assertThat(pieces(bytes("two", segment))).isEqualTo(segment.pieces());
        }
        assertThat(bytes("one", one.get(1))).isEqualTo(bytes("two", two.get(2)));
    }

    @Test
    void whatUpperLayersHideIsNotInTheImage() throws Exception {
        var secret = new byte[20_000];
        Arrays.fill(secret, (byte) 's');
        var base = new TarBuilder()
                .file("first", "first")
                .file("secret", "", content(secret))
                .file("last", "last");
        var whole = bake("whole", 2, base).segments().getFirst();
        var image = bake("image", 2, base, new TarBuilder().whiteout("secret")).segments();
        var segment = image.getFirst();
        assertThat(segment.cut()).isEqualTo(List.of(new Segment.Cut(4096, 5 * 4096)));
        var bytes = bytes("image", segment);
        assertThat(pieces(bytes)).isEqualTo(segment.pieces()).isNotEqualTo(whole.pieces());
        assertThat(Arrays.copyOfRange(bytes, 4096, 6 * 4096)).containsOnly(0);
        assertThat(pieces(bytes("whole", whole))).isEqualTo(whole.pieces());
        var blocks = Files.readAllBytes(directory.resolve("image"));
        assertThat(new String(blocks, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContain("ssssssss");
    }

    /** Layers of very different sizes, so that some end long before their turn. */
    @Test
    void threadsMakeNoDifference() throws Exception {
        TarBuilder[] layers = {
            files(1, 300),
            files(2, 3),
            files(3, 120).file("layer1/file7", "replaced"),
            new TarBuilder().whiteout("layer1/file8"),
            files(4, 150),
            new TarBuilder(),
            files(5, 5)
        };
        var alone = bake("alone", 1, layers);
        for (var threads : List.of(2, 4, 8)) {
            var together = bake("together", threads, layers);
            assertThat(Files.mismatch(directory.resolve("alone"), directory.resolve("together")))
                    .isEqualTo(-1);
            assertThat(together.table()).isEqualTo(alone.table());
        }
    }

    /** Against the whole file, read by somebody who knows the places only: also where nothing was read for the table. */
    @Test
    void theTableSaysWhatIsInTheFile() throws Exception {
        var written = bake(
                "image", 1, files(1, 40), files(2, 20).whiteout("layer1/file3"), new TarBuilder().whiteout("layer2"));
        var bytes = Files.readAllBytes(directory.resolve("image"));
        var end = 0L;
        for (var part : written.table().parts()) {
            assertThat(part.offset()).isEqualTo(end);
            end += part.length();
            assertThat(part.pieces()).isEqualTo(pieces(Arrays.copyOfRange(bytes, (int) part.offset(), (int) end)));
        }
        assertThat(end).isEqualTo(bytes.length).isEqualTo(written.sizeBytes());
        assertThat(written.table().text().lines())
                .hasSize(2
                        + 5
                        + written.segments().stream()
                                .mapToInt(segment -> segment.cut().size())
                                .sum());
    }
}
