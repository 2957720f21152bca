package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that a seed decides, against the reference writer. What the kernel says to them is in {@link MountedImageTest}. */
class RandomImageTest {
    private static final ImageSpec SPEC = new ImageSpec(64, "random", Instant.ofEpochSecond(1_700_000_000));

    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    private Path bake(String name, ImageWriter writer, List<TarBuilder> layers) throws IOException {
        var image = directory.resolve(name);
        var stack = new LayerStack(layers.stream().map(TarBuilder::layer).toList());
        writer.write(stack, SPEC, image, WriteProgress.NONE);
        return image;
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
                29, 30
            })
    void theTreeIsTheReferencesAndThreadsMakeNoDifference(long seed) throws Exception {
        var layers = RandomImage.of(seed);
        var image = bake("image", new NativeWriter(LayerLimits.DEFAULT, 1), layers);
        var checked = Programs.run("e2fsck", "-fn", image.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
        var reference = bake("reference", new Mke2fsWriter(), layers);
        assertThat(Snapshot.of(image)).isEqualTo(Snapshot.of(reference));
        var again = bake("again", new NativeWriter(LayerLimits.DEFAULT, 4), layers);
        assertThat(Files.mismatch(image, again)).isEqualTo(-1);
    }
}
