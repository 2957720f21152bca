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

    static Stream<String> features() {
        return FeatureImages.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("features")
    void theTreeIsTheReferencesAndTheBytesAreTheSameEachTime(String feature) throws Exception {
        var layers = FeatureImages.all().get(feature);
        var reference = image("reference", new Mke2fsWriter(), layers);
        var image = image("image", new NativeWriter(), layers);
        isClean(image);
        assertThat(Snapshot.of(image)).isEqualTo(Snapshot.of(reference));
        var again = image("again", new NativeWriter(LayerLimits.DEFAULT, 1), layers);
        assertThat(Files.mismatch(image, again)).isEqualTo(-1);
    }
}
