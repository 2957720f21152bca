package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a bake of the native writer ends: no file and no thread is left. */
class FailingNativeBakeTest {
    @TempDir
    Path directory;

    private static Layer files(int seed, int count) {
        var random = new Random(seed);
        var tar = new TarBuilder();
        for (var index = 0; index < count; index++) {
            var bytes = new byte[64 << 10];
            random.nextBytes(bytes);
            tar.file("layer" + seed + "/file" + index, "", content(bytes));
        }
        return tar.layer();
    }

    private WrittenImage bake(long mib, WriteProgress progress, Layer... layers) throws IOException {
        var spec = new ImageSpec(mib, "seed", Instant.EPOCH);
        return new NativeWriter(LayerLimits.DEFAULT, 3)
                .write(new LayerStack(List.of(layers)), spec, directory.resolve("image"), progress);
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(directory).isEmptyDirectory();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("bake-"));
    }

    @Test
    void aCancelledBakeEndsWhereverItIs() throws Exception {
        var layers = new Layer[] {files(1, 60), files(2, 60), files(3, 60)};
        var calls = new AtomicInteger();
        bake(
                16,
                (done, total) -> {
                    calls.incrementAndGet();
                    assertThat(done).isBetween(0L, total);
                },
                layers);
        Files.delete(directory.resolve("image"));
        for (var allowed = 0; allowed < calls.get() / 2; allowed += 1 + calls.get() / 20) {
            var left = new AtomicInteger(allowed);
            assertThatThrownBy(() -> bake(
                            16,
                            (done, total) -> {
                                if (left.getAndDecrement() == 0) {
                                    throw new CancellationException("enough");
                                }
                            },
                            layers))
                    .isInstanceOf(CancellationException.class);
            nothingIsLeft();
        }
    }

    @Test
    void anInterruptedBakeEnds() {
        assertThatThrownBy(
                        () -> bake(16, (done, total) -> Thread.currentThread().interrupt(), files(1, 30)))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aLayerThatIsNotWhatItClaimsEndsTheBake() {
        var wrong = TarBuilder.layer(new TarBuilder().file("f", "f").bytes(), "sha256:" + "0".repeat(64));
        assertThatThrownBy(() -> bake(16, WriteProgress.NONE, files(1, 30), wrong, files(2, 30)))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("the image says sha256:000");
    }

    @Test
    void compressionThatIsBrokenOrNotOursToReadEndsTheBake() {
        var good = TarBuilder.gzip(new TarBuilder().file("f", "f").bytes());
        var garbage = Arrays.copyOf(good, good.length + 9);
        garbage[good.length + 4] = 'x';
        brokenAs(LayerException.Reason.CORRUPT, "garbage behind", garbage);
        brokenAs(LayerException.Reason.CORRUPT, "ends early", Arrays.copyOf(good, good.length - 5));
        // A frame that names a dictionary.
        var zstd = new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0x23, 7, 0, 0, 0, 1, 0, 0, 0};
        brokenAs(LayerException.Reason.UNSUPPORTED, "dictionary", zstd);
    }

    private void brokenAs(LayerException.Reason reason, String words, byte[] stored) {
        assertThatThrownBy(() -> bake(16, WriteProgress.NONE, files(1, 30), TarBuilder.layer(stored)))
                .isInstanceOfSatisfying(
                        LayerException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(reason))
                .hasMessageContaining(words);
    }

    @Test
    void aSocketIsRefusedByName() {
        assertThatThrownBy(() -> bake(
                        8,
                        WriteProgress.NONE,
                        new TarBuilder().add("run/s", 's', member -> {}).layer()))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("run/s: tar type 's', a socket");
    }

    @Test
    void attributesOf64KibibytesAreTooMuchForTheTarAlready() {
        var large = TarBuilder.xattr("user.big", "x".repeat(64 << 10));
        assertThatThrownBy(() -> bake(
                        8,
                        WriteProgress.NONE,
                        new TarBuilder().file("f", "", large).layer()))
                .isInstanceOfSatisfying(
                        LayerException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(LayerException.Reason.TOO_LARGE));
    }

    @Test
    void aLayerThatCannotBeReadEndsTheBakeWithItsOwnWords() {
        var unreadable = new Layer() {
            @Override
            public String diffId() {
                return "";
            }

            @Override
            public long storedBytes() {
                return 1;
            }

            @Override
            public InputStream open() throws IOException {
                throw new IOException("the disk is gone");
            }
        };
        assertThatThrownBy(() -> bake(16, WriteProgress.NONE, files(1, 30), unreadable))
                .hasMessage("the disk is gone");
    }

    @Test
    void hostileNamesAreRefused() {
        for (var name : List.of("../x", "/x", "n".repeat(256))) {
            assertThatThrownBy(() -> bake(
                            8,
                            WriteProgress.NONE,
                            new TarBuilder().file(name, "").layer()))
                    .as(name)
                    .isInstanceOf(LayerException.class);
        }
    }

    @Test
    void whatDoesNotFitIsToldAndWhatIsNeededDoes() throws Exception {
        var layers = new ArrayList<>(List.of(files(1, 200), files(2, 150)));
        for (var seed = 3; seed < 6; seed++) {
            layers.add(files(seed, 10));
        }
        var all = layers.toArray(Layer[]::new);
        var needed = needed(8, all);
        assertThat(needed).isBetween(24L, 26L);
        assertThat(needed(needed - 1, all)).isEqualTo(needed);
        bake(needed, WriteProgress.NONE, all);
        Files.delete(directory.resolve("image"));
    }

    private long needed(long allowed, Layer... layers) {
        var needed = new AtomicInteger();
        assertThatThrownBy(() -> bake(allowed, WriteProgress.NONE, layers))
                .isInstanceOfSatisfying(SizeCapExceeded.class, problem -> {
                    assertThat(problem.allowedMib()).isEqualTo(allowed);
                    needed.set((int) problem.neededMib());
                });
        return needed.get();
    }

    @Test
    void attributesThatExt4CannotHoldAreRefusedByName() {
        refused("user.big of 5000 bytes", TarBuilder.xattr("user.big", "x".repeat(5000)));
        refused("user.big of 65000 bytes", TarBuilder.xattr("user.big", "x".repeat(65_000)));
        refused("no access list", TarBuilder.xattr("system.posix_acl_access", "rubbish"));
        refused(
                "4 KiB",
                TarBuilder.xattr("user.a", "x".repeat(3000)).andThen(TarBuilder.xattr("user.b", "x".repeat(3000))));
    }

    private void refused(String message, Consumer<TarBuilder.Member> attributes) {
        assertThatThrownBy(() -> bake(
                        8,
                        WriteProgress.NONE,
                        new TarBuilder().file("f", "", attributes).layer()))
                .isInstanceOfSatisfying(
                        ImageWriteException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.UNSUPPORTED))
                .hasMessageContaining(message);
    }

    @Test
    void aFullDiskIsToldAsSuch() throws Exception {
        var disk = Files.createDirectory(directory.resolve("disk"));
        var mounted = Programs.run("mount", "-t", "tmpfs", "-o", "size=4m", "none", disk.toString());
        try {
            assumeTrue(mounted.code() == 0, "only root can make a small disk: " + mounted.output());
            var spec = new ImageSpec(32, "seed", Instant.EPOCH);
            assertThatThrownBy(() -> new NativeWriter()
                            .write(
                                    new LayerStack(List.of(files(1, 130), files(2, 20))),
                                    spec,
                                    disk.resolve("image"),
                                    WriteProgress.NONE))
                    .isInstanceOfSatisfying(
                            ImageWriteException.class,
                            problem -> assertThat(problem.reason()).isEqualTo(Reason.DISK_FULL));
            assertThat(disk).isEmptyDirectory();
        } finally {
            Programs.run("umount", disk.toString());
            Files.delete(disk);
        }
    }
}
