package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same image in processes of their own: neither processors nor libraries nor compression show in the bytes. */
class OtherJavaTest {
    @TempDir
    Path directory;

    private record Baked(Path image, String digest, String words) {}

    private static Baked bake(Path image, String stored, String... flags) throws IOException, InterruptedException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(flags));
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                BakeAlone.class.getName(),
                image.toString(),
                stored));
        var outcome = Programs.run(command.toArray(String[]::new));
        assertThat(outcome.code()).as(outcome.output()).isZero();
        var lines = outcome.output().strip().lines().toList();
        return new Baked(image, lines.getLast(), outcome.output());
    }

    /** Here, by this JVM. */
    private Baked reference() throws IOException {
        var image = directory.resolve("here");
        return new Baked(image, BakeAlone.bake(image, "plain").digest(), "");
    }

    @ParameterizedTest
    @CsvSource({
        "1, gzip, on", "2, gzip, on", "4, gzip, on", "1, gzip, off", "2, gzip, off", "4, gzip, off",
        "1, zstd, on", "2, zstd, on", "4, zstd, on", "2, members, on", "4, members, off", "4, plain, on"
    })
    void processorsLibrariesAndCompressionDoNotShow(int processors, String stored, String isal) throws Exception {
        var here = reference();
        var there = bake(
                directory.resolve("there"),
                stored,
                "-XX:ActiveProcessorCount=" + processors,
                "-Dscaibunker.isal=" + isal);
        assertThat(there.digest()).startsWith("sha256:").isEqualTo(here.digest());
        assertThat(Files.mismatch(here.image(), there.image())).isEqualTo(-1);
        if (isal.equals("off")) {
            assertThat(there.words()).contains("inflated by the JDK, for ISA-L is switched off");
        }
    }

    @Test
    void neitherDoCollectorTimeZoneOrEncoding() throws Exception {
        var here = reference();
        var there = bake(
                directory.resolve("there"),
                "gzip",
                "-XX:+UseSerialGC",
                "-Duser.timezone=Asia/Kolkata",
                "-Duser.language=tr",
                "-Dfile.encoding=ISO-8859-1");
        assertThat(there.digest()).isEqualTo(here.digest());
        assertThat(Files.mismatch(here.image(), there.image())).isEqualTo(-1);
    }

    /** One bake, to whose end it prints the digest. */
    static final class BakeAlone {
        public static void main(String[] arguments) throws IOException {
            System.out.println(bake(Path.of(arguments[0]), arguments[1]).digest());
        }

        static WrittenImage bake(Path image, String stored) throws IOException {
            var spec = new ImageSpec(64, "alone", Instant.ofEpochSecond(1_700_000_000));
            var layers = List.of(
                    SegmentTest.files(1, 100),
                    SegmentTest.files(2, 10).whiteout("layer1/file3"),
                    SegmentTest.files(3, 40).symlink("l", "layer1").file("text", "text ".repeat(300_000)));
            var stack = new LayerStack(
                    layers.stream().map(layer -> stored(layer.bytes(), stored)).toList());
            return new NativeWriter().write(stack, spec, image, WriteProgress.NONE);
        }

        private static Layer stored(byte[] tar, String how) {
            var half = tar.length / 2;
            var bytes = switch (how) {
                case "gzip" -> TarBuilder.gzip(tar);
                case "zstd" -> TarBuilder.zstd(tar);
                case "members" ->
                    join(
                            TarBuilder.gzip(Arrays.copyOf(tar, half)),
                            TarBuilder.gzip(Arrays.copyOfRange(tar, half, tar.length)));
                default -> tar;
            };
            return TarBuilder.layer(bytes, "sha256:" + HexFormat.of().formatHex(Sha256.of(tar)));
        }

        private static byte[] join(byte[] first, byte[] second) {
            var both = Arrays.copyOf(first, first.length + second.length);
            System.arraycopy(second, 0, both, first.length, second.length);
            return both;
        }
    }
}
