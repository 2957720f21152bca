package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.gzip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerException;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a bake ends: nothing is left, no file and no process. */
class FailingBakeTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    private static ImageSpec mib(long size) {
        return new ImageSpec(size, "seed", Instant.EPOCH);
    }

    private static LayerStack stack(Layer... layers) {
        return new LayerStack(List.of(layers));
    }

    private WrittenImage bake(LayerStack layers, long sizeMib, WriteProgress progress) throws IOException {
        return new Mke2fsWriter().write(layers, mib(sizeMib), directory.resolve("image"), progress);
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(directory).isEmptyDirectory();
        assertThat(ProcessHandle.current().descendants()).isEmpty();
        // fakeroot's daemon is no child of ours, but was started in the bake's directory; it ends by a signal, soon.
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (ProcessHandle.allProcesses().anyMatch(this::isInDirectory)) {
            assertThat(System.nanoTime()).as("fakeroot's daemon is left").isLessThan(deadline);
        }
    }

    private boolean isInDirectory(ProcessHandle process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/cwd"))
                    .startsWith(directory);
        } catch (IOException gone) {
            return false;
        }
    }

    /** Some megabytes of files that do not compress. */
    private static TarBuilder files(int count) {
        var random = new Random(1);
        var tar = new TarBuilder();
        for (var index = 0; index < count; index++) {
            var content = new byte[64 << 10];
            random.nextBytes(content);
            tar.file("file" + index, "", member -> member.data = content);
        }
        return tar;
    }

    @Test
    void whatDoesNotFitIsToldBeforeAnythingIsWrittenAndWhatIsNeededDoes() throws Exception {
        var many = new TarBuilder();
        for (var index = 0; index < 3000; index++) {
            many.file("some/directory/number-" + index % 50 + "/a-file-with-a-name-" + index, "x");
        }
        for (var tree : List.of(files(200), many)) {
            var steps = new AtomicInteger();
            var layers = stack(tree.layer());
            var needed = needed(layers, 8, (done, total) -> steps.incrementAndGet());
            assertThat(needed).isBetween(12L, 26L);
            bake(layers, needed, WriteProgress.NONE);
            Files.delete(directory.resolve("image"));
            assertThat(needed(layers, needed - 1, WriteProgress.NONE)).isEqualTo(needed);
        }
    }

    private long needed(LayerStack layers, long allowed, WriteProgress progress) {
        var needed = new AtomicInteger();
        assertThatThrownBy(() -> bake(layers, allowed, progress))
                .isInstanceOfSatisfying(SizeCapExceeded.class, problem -> {
                    assertThat(problem.reason()).isEqualTo(Reason.SIZE_CAP_EXCEEDED);
                    assertThat(problem.allowedMib()).isEqualTo(allowed);
                    assertThat(problem).hasMessageContaining(problem.neededMib() + " MiB");
                    needed.set((int) problem.neededMib());
                });
        return needed.get();
    }

    @Test
    void aGigabyteOfZerosInAMegabyteMeetsTheCap() throws Exception {
        var out = new ByteArrayOutputStream();
        out.writeBytes(gzip(new TarBuilder()
                .add("bomb", '0', member -> member.size = 1L << 30)
                .unfinished()));
        var zeros = gzip(new byte[64 << 20]);
        for (var written = 0; written < 16; written++) {
            out.writeBytes(zeros);
        }
        out.writeBytes(gzip(new byte[1024]));
        assertThat(out.size()).isLessThan(2 << 20);
        assertThat(needed(stack(TarBuilder.layer(out.toByteArray())), 64, WriteProgress.NONE))
                .isBetween(1024L, 1040L);
    }

    @Test
    void aBadLayerIsRefusedAsItIs() {
        assertThatThrownBy(() -> bake(stack(new TarBuilder().file("../x", "").layer()), 8, WriteProgress.NONE))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("../x");
    }

    @Test
    void attributesThatExt4CannotHoldAreRefusedByName() {
        refused("user.big of 5000 bytes", TarBuilder.xattr("user.big", "x".repeat(5000)));
        refused("no access list", TarBuilder.xattr("system.posix_acl_access", "rubbish"));
        refused(
                "4 KiB",
                TarBuilder.xattr("user.a", "x".repeat(3000)).andThen(TarBuilder.xattr("user.b", "x".repeat(3000))));
    }

    private void refused(String message, java.util.function.Consumer<TarBuilder.Member> attributes) {
        assertThatThrownBy(() ->
                        bake(stack(new TarBuilder().file("f", "", attributes).layer()), 8, WriteProgress.NONE))
                .isInstanceOfSatisfying(
                        ImageWriteException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.UNSUPPORTED))
                .hasMessageContaining(message);
    }

    /** Cancelled at the first call, the second, and so on, up to where it was done. */
    @Test
    void aCancelledBakeEndsWhereverItIs() throws Exception {
        var layers = stack(files(30).layer());
        var calls = new AtomicInteger();
        bake(layers, 8, (done, total) -> {
            calls.incrementAndGet();
            assertThat(done).isBetween(0L, total);
        });
        Files.delete(directory.resolve("image"));
        assertThat(calls.get()).isGreaterThan(50);
        for (var allowed = 0; allowed < calls.get(); allowed += calls.get() / 12) {
            var left = new AtomicInteger(allowed);
            assertThatThrownBy(() -> bake(layers, 8, (done, total) -> {
                        if (left.getAndDecrement() == 0) {
                            throw new CancellationException("enough");
                        }
                    }))
                    .isInstanceOf(CancellationException.class);
            nothingIsLeft();
        }
    }

    @Test
    void anInterruptedBakeEnds() {
        var layers = stack(files(30).layer());
        assertThatThrownBy(() -> bake(layers, 8, (done, total) -> {
                    if (done > total / 2) {
                        Thread.currentThread().interrupt();
                    }
                }))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aLayerThatCannotBeReadAgainEndsTheBake() {
        var plain = files(30).layer();
        var opened = new AtomicInteger();
        var vanishing = new Layer() {
            @Override
            public String diffId() {
                return "";
            }

            @Override
            public long storedBytes() {
                return plain.storedBytes();
            }

            @Override
            public InputStream open() throws IOException {
                if (opened.incrementAndGet() > 1) {
                    throw new IOException("the disk is gone");
                }
                return plain.open();
            }
        };
        assertThatThrownBy(() -> bake(stack(vanishing), 8, WriteProgress.NONE)).hasMessage("the disk is gone");
    }

    @Test
    void whatDeadBakesLeftIsRemovedHoweverDeepItIs() throws Exception {
        // Two chains, one moved into the other: together longer than any path that can be named.
        var chain = ("d".repeat(200) + "/").repeat(15);
        Files.createDirectories(directory.resolve(".bake-123/" + chain));
        Files.createDirectories(directory.resolve("more/" + chain));
        Files.move(directory.resolve("more"), directory.resolve(".bake-123/" + chain + "more"));
        var other = Files.createFile(directory.resolve("other"));
        Mke2fsWriter.cleanUp(directory);
        Files.delete(other);
    }

    @Test
    void aMissingProgramIsToldWithItsPackage() {
        assertThatThrownBy(() -> Tool.find("mke3fs", "e3fsprogs", "/usr/bin:relative"))
                .isInstanceOfSatisfying(
                        ImageWriteException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.TOOL_MISSING))
                .hasMessageContaining("mke3fs")
                .hasMessageContaining("e3fsprogs");
    }

    /** 4 MiB: the tree does not fit; 12 MiB: the tree does, the image beside it does not. */
    @ParameterizedTest
    @ValueSource(ints = {4, 12})
    void aFullDiskIsToldAsSuch(int diskMib) throws Exception {
        var disk = Files.createDirectory(directory.resolve("disk"));
        var mounted = Programs.run("mount", "-t", "tmpfs", "-o", "size=" + diskMib + "m", "none", disk.toString());
        try {
            assumeTrue(mounted.code() == 0, "only root can make a small disk: " + mounted.output());
            assertThatThrownBy(() -> new Mke2fsWriter()
                            .write(stack(files(130).layer()), mib(32), disk.resolve("image"), WriteProgress.NONE))
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
