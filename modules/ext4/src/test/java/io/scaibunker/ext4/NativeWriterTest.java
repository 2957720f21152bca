package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NativeWriterTest extends WriterContract {
    @Override
    ImageWriter writer() {
        return new NativeWriter();
    }

    private Path image(String name, ImageWriter writer, List<TarBuilder> layers) throws IOException {
        var image = directory.resolve(name);
        var stack = new LayerStack(layers.stream().map(TarBuilder::layer).toList());
        written = writer.write(stack, SPEC, image, WriteProgress.NONE);
        return image;
    }

    private static void isClean(Path image) throws IOException, InterruptedException {
        var checked = Programs.run("e2fsck", "-fn", image.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
    }

    /** The two that are not here are directories of very many names. */
    @Test
    void nothingThatOtherWritersGotWrongIsLeftOut() {
        assertThat(FeatureImages.KNOWN_MISTAKES).hasSize(36 - 2);
        assertThat(FeatureImages.all())
                .containsKeys(FeatureImages.KNOWN_MISTAKES.values().toArray(String[]::new));
    }

    @Test
    void anImageOfFiveKilobytes() throws Exception {
        var tar = new TarBuilder().directory("etc").file("etc/motd", "hello").symlink("run", "/var/run");
        assertThat(tar.bytes()).hasSizeBetween(3 << 10, 5 << 10);
        var image = image("image", new NativeWriter(), List.of(tar));
        isClean(image);
        assertThat(Snapshot.outline(image)).isEqualTo("etc/ etc/motd=hello run->/var/run");
        assertThat(written.allocatedBytes()).isLessThan(64 << 10);
    }

    static Stream<String> features() {
        return FeatureImages.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("features")
    void theTreeIsTheReferencesAndTheBytesAreTheSameEachTime(String feature) throws Exception {
        var wanted = FeatureImages.all().get(feature);
        var layers = wanted.layers();
        var reference = image("reference", new Mke2fsWriter(), layers);
        var image = image("image", new NativeWriter(), layers);
        isClean(image);
        assertThat(Snapshot.of(image)).isEqualTo(Snapshot.of(reference));
        if (wanted.tree() != null) {
            assertThat(Snapshot.outline(image)).isEqualTo(wanted.tree());
        }
        var again = image("again", new NativeWriter(LayerLimits.DEFAULT, 1), layers);
        assertThat(Files.mismatch(image, again)).isEqualTo(-1);
    }
}
