package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finds what is there, and comes to an end whatever is in the file. */
class Ext4ReaderTest {
    @TempDir
    Path directory;

    private Path image() throws IOException {
        var names = new TarBuilder();
        for (var index = 0; index < 200; index++) {
            names.file("indexed/a-name-of-some-length-" + index, "" + index);
        }
        var pieces = new byte[40 * 4096];
        for (var block = 0; block < 40; block += 2) {
            pieces[block * 4096] = 1;
        }
        names.file("pieces", "", content(pieces))
                .directory("usr/bin")
                .symlink("bin", "/usr/bin")
                .symlink("usr/up", "../../../bin/../lib")
                .file("usr/lib/os-release", "ID=none", TarBuilder.xattr("user.x", "y".repeat(300)))
                .symlink("circle", "circle")
                .symlink("long", "usr/" + "./".repeat(100) + "lib");
        var image = directory.resolve("image");
        var spec = new ImageSpec(8, "reader", Instant.EPOCH);
        new NativeWriter().write(new LayerStack(List.of(names.layer())), spec, image, WriteProgress.NONE);
        return image;
    }

    @Test
    void pathsLeadThroughLinksAndNeverOut() throws Exception {
        try (var reader = Ext4Reader.open(image())) {
            for (var path :
                    List.of("usr/lib/os-release", "usr/up/os-release", "bin/../lib/os-release", "long/os-release")) {
                var found = reader.find(EntryPath.of(path));
                assertThat(found).as(path).isNotNull();
                try (var read = reader.open(found)) {
                    assertThat(new String(read.readAllBytes(), StandardCharsets.UTF_8))
                            .isEqualTo("ID=none");
                }
                assertThat(reader.xattrs(found)).containsOnlyKeys("user.x");
            }
            assertThat(reader.find(EntryPath.of("circle/x"))).isNull();
            assertThat(reader.find(EntryPath.of("usr/lib/os-release/x"))).isNull();
            assertThat(reader.find(EntryPath.of("none"))).isNull();
            assertThatThrownBy(() -> reader.stat(1 << 30)).isInstanceOf(ImageReadException.class);
            assertThatThrownBy(() -> reader.list(reader.find(EntryPath.of("pieces"))))
                    .isInstanceOf(ImageReadException.class);
        }
    }

    @Test
    void whatIsNoExt4IsRefused() throws Exception {
        var good = Files.readAllBytes(image());
        var file = directory.resolve("file");
        for (var length : List.of(0, 1, 1024, 2000, 4096, good.length / 2)) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThatThrownBy(() -> Ext4Reader.open(file)).isInstanceOf(ImageReadException.class);
        }
        Files.write(file, new byte[1 << 20]);
        assertThatThrownBy(() -> Ext4Reader.open(file)).isInstanceOf(ImageReadException.class);
    }

    /** Bytes are changed where something stands. Whatever that makes of it, reading ends, and in no other failure. */
    @Test
    void nothingInTheFileKeepsTheReaderBusyOrMakesItFailOtherwise() throws Exception {
        var good = Files.readAllBytes(image());
        var places = places(good);
        var random = new Random(7);
        var file = directory.resolve("file");
        var refused = 0;
        for (var round = 0; round < 250; round++) {
            var bad = good.clone();
            for (var changes = 1 + random.nextInt(4); changes > 0; changes--) {
                var place = places[random.nextInt(places.length)];
                bad[place] = random.nextBoolean()
                        ? (byte) random.nextInt(256)
                        : (byte) (bad[place] ^ 1 << random.nextInt(8));
            }
            Files.write(file, bad);
            refused += assertTimeoutPreemptively(Duration.ofSeconds(20), () -> readAll(file)) ? 0 : 1;
        }
        assertThat(refused).isBetween(15, 240);
    }

    /** Where bytes of metadata are not zero. */
    private static int[] places(byte[] good) {
        return java.util.stream.IntStream.range(1024, good.length)
                .filter(place -> good[place] != 0 && (place < 266_240 || place > 266_240 + 220 * 4096))
                .toArray();
    }

    private static boolean readAll(Path file) throws IOException {
        try (var reader = Ext4Reader.open(file)) {
            reader.walk((path, stat) -> {
                reader.xattrs(stat);
                switch (stat.kind()) {
                    case SYMLINK -> reader.linkTarget(stat);
                    case FILE -> {
                        try (var content = reader.open(stat)) {
                            // A size is a claim; a consumer has a bound of its own.
                            content.readNBytes(1 << 20);
                        }
                    }
                    default -> {}
                }
            });
            return true;
        } catch (ImageReadException refused) {
            return false;
        }
    }
}
