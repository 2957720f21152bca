package io.scaibunker.ext4;

import static io.scaibunker.ext4.FeatureImages.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs more than one block, level or group. */
class LargeImageTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    private WrittenImage written;

    private Path bake(long mib, Layer... layers) throws IOException, InterruptedException {
        var image = directory.resolve("image");
        var spec = new ImageSpec(mib, "large", Instant.ofEpochSecond(1_700_000_000));
        written = new NativeWriter().write(new LayerStack(List.of(layers)), spec, image, WriteProgress.NONE);
        isClean(image);
        return image;
    }

    private static void isClean(Path image) throws IOException, InterruptedException {
        var checked = Programs.run("e2fsck", "-fn", image.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
    }

    private static FileStat at(Ext4Reader reader, String path) throws IOException {
        var found = reader.find(EntryPath.of(path));
        assertThat(found).as(path).isNotNull();
        return found;
    }

    /** A layer of parts that are made when they are read: larger than the memory of a test. */
    private static Layer made(int parts, IntFunction<byte[]> part) {
        return new Layer() {
            @Override
            public String diffId() {
                return "";
            }

            @Override
            public long storedBytes() {
                return 1;
            }

            @Override
            public InputStream open() {
                var all = IntStream.range(0, parts)
                        .mapToObj(part)
                        .map(bytes -> (InputStream) new ByteArrayInputStream(bytes))
                        .iterator();
                var members = new SequenceInputStream(new Enumeration<InputStream>() {
                    @Override
                    public boolean hasMoreElements() {
                        return all.hasNext();
                    }

                    @Override
                    public InputStream nextElement() {
                        return all.next();
                    }
                });
                return new SequenceInputStream(members, new ByteArrayInputStream(new byte[1024]));
            }
        };
    }

    @Test
    void twentyThousandFilesInOneDirectory() throws Exception {
        var layer = made(
                20_000,
                index -> new TarBuilder()
                        .file("flat/file-" + index, "content of " + index)
                        .unfinished());
        try (var reader = Ext4Reader.open(bake(256, layer))) {
            var names = reader.list(at(reader, "flat"));
            assertThat(names).hasSize(20_000);
            for (var index = 0; index < 20_000; index++) {
                var inode = names.get(EntryPath.of("file-" + index));
                try (var content = reader.open(reader.stat(inode))) {
                    assertThat(content.readAllBytes()).isEqualTo(TarBuilder.bytes("content of " + index));
                }
            }
        }
    }

    /**
     * As many as {@link io.scaibunker.layers.LayerLimits} lets through, without {@code large_dir}: an index of two levels
     * still has room.
     */
    @Test
    void aMillionNamesInOneDirectory() throws Exception {
        var layer = made(
                1_000_000,
                index -> new TarBuilder()
                        .file("many/a-name-of-middling-length-" + index, "")
                        .unfinished());
        var image = bake(1024, layer);
        assertThat(written.entries()).isEqualTo(1_000_002);
        try (var reader = Ext4Reader.open(image)) {
            assertThat(reader.list(at(reader, "many"))).hasSize(1_000_000);
        }
        for (var index : List.of(0, 1, 499_999, 999_999)) {
            var looked =
                    Programs.run("debugfs", "-R", "stat many/a-name-of-middling-length-" + index, image.toString());
            assertThat(looked.output()).contains("Type: regular");
        }
        var features = Programs.run("dumpe2fs", "-h", image.toString()).output();
        assertThat(features).contains("dir_index").doesNotContain("large_dir");
    }

    @Test
    void sixtyFiveThousandAndOneSubdirectories() throws Exception {
        var tar = new TarBuilder();
        for (var index = 0; index < 65_001; index++) {
            tar.directory("many/d" + index);
        }
        for (var index = 0; index < 64_998; index++) {
            tar.directory("most/d" + index);
        }
        try (var reader = Ext4Reader.open(bake(1024, tar.layer()))) {
            assertThat(reader.list(at(reader, "many"))).hasSize(65_001);
            assertThat(at(reader, "many").links()).isEqualTo(1);
            assertThat(at(reader, "most").links()).isEqualTo(65_000);
        }
        var looked = Programs.run(
                "debugfs", "-R", "stat many/d64999", directory.resolve("image").toString());
        assertThat(looked.output()).contains("Type: directory");
    }

    /** More than 507 blocks of names: an index of two levels; in a file system with no block to spare. */
    @Test
    void aHundredThousandNamesInTheSmallestImageThatHoldsThem() throws Exception {
        var tar = new TarBuilder();
        for (var index = 0; index < 100_000; index++) {
            tar.file("many/a-name-that-is-neither-short-nor-long-" + index, "");
        }
        var needed = needed(tar.layer());
        assertThat(needed).isBetween(30L, 45L);
        try (var reader = Ext4Reader.open(bake(needed, tar.layer()))) {
            assertThat(reader.list(at(reader, "many"))).hasSize(100_000);
        }
        var hashed = Programs.run(
                "debugfs", "-R", "htree_dump many", directory.resolve("image").toString());
        assertThat(hashed.output()).contains("Indirect levels: 1");
        assertThat(written.entries()).isEqualTo(100_002);
    }

    private long needed(Layer layer) {
        var needed = new long[1];
        assertThatThrownBy(() -> bake(8, layer)).isInstanceOfSatisfying(SizeCapExceeded.class, problem -> {
            assertThat(problem.allowedMib()).isEqualTo(8);
            needed[0] = problem.neededMib();
        });
        return needed[0];
    }

    @Test
    void aFileOfTensOfThousandsOfPieces() throws Exception {
        var bytes = new byte[60_000 * 4096];
        for (var block = 0; block < 60_000; block += 2) {
            bytes[block * 4096] = (byte) (1 + block % 100);
        }
        var image = bake(
                256,
                new TarBuilder().file("f", "", content(bytes)).file("g", "g").layer());
        try (var reader = Ext4Reader.open(image);
                var read = reader.open(at(reader, "f"))) {
            assertThat(read.readAllBytes()).isEqualTo(bytes);
        }
        assertThat(written.segments().getFirst().length()).isEqualTo(30_001 * 4096L);
    }

    /** Sparse in the tar, so that it is quick; each end has content. */
    @Test
    void aFileBeyondFourGibibytes() throws Exception {
        var size = (5L << 30) + 5;
        var tar = new TarBuilder().add("sparse", '0', member -> {
            member.pax.put("GNU.sparse.size", TarBuilder.bytes("" + size));
            member.pax.put("GNU.sparse.map", TarBuilder.bytes("0,512," + (size - 5) + ",5"));
            member.data = "a".repeat(517).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        });
        try (var reader = Ext4Reader.open(bake(5200, tar.layer()))) {
            assertThat(at(reader, "sparse").size()).isEqualTo(size);
            try (var read = reader.open(at(reader, "sparse"))) {
                assertThat(read.read()).isEqualTo('a');
                read.skipNBytes(size - 6);
                assertThat(read.readAllBytes()).isEqualTo(new byte[] {'a', 'a', 'a', 'a', 'a'});
            }
        }
        assertThat(written.allocatedBytes()).isLessThan(1 << 20);
    }

    /** Full content for more than one group and one extent of the longest kind. */
    @Test
    void aFileOverSeveralGroups() throws Exception {
        var bytes = 200L << 20;
        var head = new TarBuilder().add("f", '0', member -> member.size = bytes).unfinished();
        var pattern = new byte[1 << 20];
        new Random(1).nextBytes(pattern);
        var parts = new ArrayList<byte[]>(List.of(head));
        parts.addAll(Collections.nCopies(200, pattern));
        var layer = made(parts.size(), parts::get);
        assertThat(needed(layer)).isBetween(201L, 206L);
        try (var reader = Ext4Reader.open(bake(needed(layer), layer));
                var read = reader.open(at(reader, "f"))) {
            for (var index = 0; index < 200; index++) {
                assertThat(read.readNBytes(pattern.length)).isEqualTo(pattern);
            }
            assertThat(read.read()).isEqualTo(-1);
        }
    }

    @Test
    void aLargeImageStaysSparse() throws Exception {
        var image = bake(1000, new TarBuilder().directory("d").file("d/f", "f").layer());
        assertThat(written.allocatedBytes()).isLessThan(2 << 20);
        assertThat(Programs.run("stat", "-c", "%b", image.toString()).output().strip())
                .satisfies(blocks -> assertThat(Long.parseLong(blocks) * 512).isLessThan(4 << 20));
    }

    @Test
    void theFileSystemGrowsAndShrinks() throws Exception {
        var bytes = new byte[3 << 20];
        new Random(2).nextBytes(bytes);
        var image = bake(64, new TarBuilder().file("d/f", "", content(bytes)).layer());
        var before = Snapshot.of(image);
        for (var size : List.of("300M", "20000M", "40M")) {
            var resized = Programs.run("resize2fs", image.toString(), size);
            assertThat(resized.code()).as(resized.output()).isZero();
            isClean(image);
            assertThat(Snapshot.of(image)).isEqualTo(before);
        }
    }

    @Test
    void moreNamesForOneFileThanExt4Holds() {
        var tar = new TarBuilder().file("f", "");
        for (var index = 0; index < 65_000; index++) {
            tar.hardLink("l" + index, "f");
        }
        assertThatThrownBy(() -> bake(64, tar.layer()))
                .isInstanceOfSatisfying(
                        ImageWriteException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.UNSUPPORTED))
                .hasMessageContaining("65001 names");
    }
}
