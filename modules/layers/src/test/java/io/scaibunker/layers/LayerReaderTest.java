package io.scaibunker.layers;

import static io.scaibunker.layers.TarBuilder.gzip;
import static io.scaibunker.layers.TarBuilder.xattr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.scaibunker.layers.LayerException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class LayerReaderTest {
    private static final byte[] TAR =
            new TarBuilder().directory("d").file("d/a", "hello").bytes();

    private static List<Entry> read(byte[] stored) throws IOException {
        return read(TarBuilder.layer(stored));
    }

    private static List<Entry> read(Layer layer) throws IOException {
        var entries = new ArrayList<Entry>();
        try (var reader = LayerReader.open(layer, LayerLimits.DEFAULT)) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                entries.add(entry);
            }
        }
        return entries;
    }

    private static List<String> names(byte[] stored) throws IOException {
        return read(stored).stream().map(entry -> entry.path().toString()).toList();
    }

    private static byte[] join(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (var part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static void refused(Reason reason, byte[] stored) {
        assertThatThrownBy(() -> read(stored))
                .isInstanceOfSatisfying(
                        LayerException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(reason));
    }

    @Test
    void plainAndCompressedLayersReadTheSame() throws Exception {
        var xz = new ByteArrayOutputStream();
        try (var compressor = new XZOutputStream(xz, new LZMA2Options())) {
            compressor.write(TAR);
        }
        assertThat(names(TAR)).containsExactly("d", "d/a");
        assertThat(names(gzip(TAR))).containsExactly("d", "d/a");
        assertThat(names(Zstd.compress(TAR))).containsExactly("d", "d/a");
        assertThat(names(xz.toByteArray())).containsExactly("d", "d/a");
    }

    @Test
    void gzipMayHaveManyMembersAndZerosAtTheEnd() throws Exception {
        var members = new ArrayList<byte[]>();
        for (var start = 0; start < TAR.length; start += 100) {
            members.add(gzip(Arrays.copyOfRange(TAR, start, Math.min(TAR.length, start + 100))));
        }
        members.add(gzip(new byte[0]));
        members.add(new byte[1000]);
        var stored = join(members.toArray(byte[][]::new));
        assertThat(names(stored)).containsExactly("d", "d/a");
        // A source that gives a byte at a time and never says that there is more.
        var slow = new Layer() {
            @Override
            public String diffId() {
                return "";
            }

            @Override
            public long storedBytes() {
                return stored.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(stored) {
                    @Override
                    public synchronized int read(byte[] target, int offset, int length) {
                        return super.read(target, offset, Math.min(length, 1));
                    }

                    @Override
                    public synchronized int available() {
                        return 0;
                    }
                };
            }
        };
        assertThat(read(slow)).hasSize(2);
    }

    @Test
    void gzipHeadersMayCarryNamesAndMore() throws Exception {
        var plain = gzip(TAR);
        var header =
                new byte[] {0x1f, (byte) 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3, 2, 0, 'x', 'y', 'n', 0, 'c', 0, 1, 2
                };
        assertThat(names(join(header, Arrays.copyOfRange(plain, 10, plain.length))))
                .containsExactly("d", "d/a");
    }

    @Test
    void zstdMayHaveManyFramesAndSkippableOnes() throws Exception {
        var skippable = new byte[] {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
        var first = Zstd.compress(Arrays.copyOf(TAR, 700));
        var second = Zstd.compress(Arrays.copyOfRange(TAR, 700, TAR.length));
        assertThat(names(join(skippable, first, skippable, second))).containsExactly("d", "d/a");
    }

    @Test
    void brokenCompressionIsTold() throws Exception {
        var gzip = gzip(TAR);
        refused(Reason.CORRUPT, Arrays.copyOf(gzip, gzip.length - 4));
        refused(Reason.CORRUPT, Arrays.copyOf(gzip, gzip.length / 2));
        refused(Reason.CORRUPT, join(gzip, new byte[] {0, 0, 'x'}));
        var wrongChecksum = gzip.clone();
        wrongChecksum[gzip.length - 5] ^= 1;
        refused(Reason.CORRUPT, wrongChecksum);
        var zstd = Zstd.compress(TAR);
        refused(Reason.CORRUPT, Arrays.copyOf(zstd, zstd.length - 4));
        refused(Reason.CORRUPT, join(zstd, TarBuilder.bytes("garbage")));
        var xz = new ByteArrayOutputStream();
        try (var compressor = new XZOutputStream(xz, new LZMA2Options())) {
            compressor.write(TAR);
        }
        refused(Reason.CORRUPT, Arrays.copyOf(xz.toByteArray(), 60));
    }

    @Test
    void zstdWithADictionaryOrAHugeWindowIsRefused() throws Exception {
        var samples = new byte[200][];
        for (var index = 0; index < samples.length; index++) {
            samples[index] = TarBuilder.bytes("sample number " + index + " of some text that repeats, " + index * 7);
        }
        var space = new byte[20_000];
        var size = (int) Zstd.trainFromBuffer(samples, space);
        try (var context = new ZstdCompressCtx()) {
            context.loadDict(Arrays.copyOf(space, size));
            refused(Reason.UNSUPPORTED, context.compress(TAR));
        }
        // A frame header that asks for a window of 2 GiB.
        refused(Reason.TOO_LARGE, new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) (21 << 3), 1, 0, 0});
    }

    @Test
    void theDiffIdIsHeldAgainstTheBytes() throws Exception {
        var digest = "sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(TAR));
        assertThat(read(TarBuilder.layer(gzip(TAR), digest))).hasSize(2);
        assertThatThrownBy(() -> read(TarBuilder.layer(gzip(TAR), "sha256:" + "0".repeat(64))))
                .hasMessageContaining(digest);
    }

    @Test
    void namesAreBytesAndMadeCanonical() throws Exception {
        var entries = read(new TarBuilder()
                .file("./a//b/./c", "")
                .file("\u00ff\u00fe", "")
                .file("x".repeat(200) + "/" + "y".repeat(255), "")
                .add("old-directory/", '0', member -> {})
                .bytes());
        assertThat(entries.get(0).path()).isEqualTo(EntryPath.of("a/b/c"));
        assertThat(entries.get(1).path().bytes()).containsExactly(0xff, 0xfe);
        assertThat(entries.get(1).path()).hasToString("\\xff\\xfe");
        assertThat(entries.get(2).path().name().length()).isEqualTo(255);
        assertThat(entries.get(3).kind()).isEqualTo(EntryKind.DIRECTORY);
    }

    @Test
    void extendedAttributesAreBytesCutByTheirLength() throws Exception {
        var value = "\1\0\n=12 x=y\n\377";
        var entry = read(new TarBuilder()
                        .file("f", "", xattr("user.b", value).andThen(xattr("user.a", "")))
                        .bytes())
                .getFirst();
        assertThat(entry.xattrs().keySet()).containsExactly("user.a", "user.b");
        assertThat(entry.xattrs().get("user.b")).isEqualTo(TarBuilder.bytes(value));
        assertThat(entry.xattrs().get("user.a")).isEmpty();
    }

    @Test
    void timesOwnersAndModesAreKeptToTheLastBit() throws Exception {
        var entries = read(new TarBuilder()
                .file("early", "", TarBuilder.mtime("-1.25"))
                .file("late", "", member -> {
                    member.mtime = 1L << 33;
                    member.uid = 0xffffffffL;
                    member.mode = 0107777;
                })
                .bytes());
        assertThat(entries.get(0).mtimeSeconds()).isEqualTo(-2);
        assertThat(entries.get(0).mtimeNanos()).isEqualTo(750_000_000);
        assertThat(entries.get(1).mtimeSeconds()).isEqualTo(1L << 33);
        assertThat(entries.get(1).uid()).isEqualTo(0xffffffffL);
        assertThat(entries.get(1).mode()).isEqualTo(07777);
    }

    @Test
    void aWhiteoutIsToldFromItsNameWhateverItsType() throws Exception {
        var entries = read(new TarBuilder()
                .whiteout("d/x")
                .opaque("d")
                .add(".wh.y", '1', member -> member.link = "z")
                .bytes());
        assertThat(entries)
                .extracting(Entry::kind)
                .containsExactly(EntryKind.WHITEOUT, EntryKind.OPAQUE, EntryKind.WHITEOUT);
        assertThat(entries).extracting(entry -> entry.path().toString()).containsExactly("d/x", "d", "y");
    }

    @Test
    void globalHeadersHoldForAllThatFollow() throws Exception {
        var global = TarBuilder.paxRecords(java.util.Map.of("uid", TarBuilder.bytes("77")));
        var entries = read(new TarBuilder()
                .add("g", 'g', member -> member.data = global)
                .file("a", "")
                .file("b", "")
                .bytes());
        assertThat(entries).extracting(Entry::uid).containsExactly(77L, 77L);
    }

    /** What the tar of the system writes, in each of its formats, comes back as it was. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gnu",
                "oldgnu",
                "posix",
                "posix --sparse-version=0.0",
                "posix --sparse-version=0.1",
                "ustar",
                "v7"
            })
    void everyFormatOfGnuTarIsRead(String format, @TempDir Path directory) throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/tar")), "GNU tar is not installed");
        var tree = Files.createDirectory(directory.resolve("tree"));
        var holes = !format.equals("ustar") && !format.equals("v7");
        var longName = "n".repeat(holes ? 150 : 60);
        Files.writeString(tree.resolve(longName), "long");
        Files.createSymbolicLink(tree.resolve("s"), Path.of(longName));
        Files.createLink(tree.resolve("z"), tree.resolve(longName));
        var expected = new byte[3 << 20];
        for (var spot = 0; spot < 30; spot++) {
            expected[spot * 100_000 + 5] = (byte) (spot + 1);
        }
        try (var file = new java.io.RandomAccessFile(tree.resolve("holes").toFile(), "rw")) {
            file.setLength(expected.length);
            for (var spot = 0; spot < 30; spot++) {
                file.seek(spot * 100_000 + 5);
                file.write(spot + 1);
            }
        }
        var tar = directory.resolve("layer.tar");
        var command = new ArrayList<>(
                List.of("tar", holes ? "-cSf" : "-cf", tar.toString(), "-C", tree.toString(), "--sort=name"));
        command.addAll(List.of(("--format=" + format).split(" ")));
        command.add(".");
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
        assertThat(process.waitFor()).isZero();
        if (holes) {
            assertThat(Files.size(tar)).isLessThan(1 << 20);
        }
        var found = new TreeMap<String, byte[]>();
        try (var reader = LayerReader.open(TarBuilder.layer(Files.readAllBytes(tar)), LayerLimits.DEFAULT)) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                found.put(
                        entry.kind() + " " + entry.path(),
                        entry.kind() == EntryKind.FILE ? reader.content().readAllBytes() : entry.linkTarget());
            }
        }
        assertThat(found.keySet())
                .containsExactly("DIRECTORY /", "FILE holes", "FILE " + longName, "HARDLINK z", "SYMLINK s");
        assertThat(found.get("FILE holes")).isEqualTo(expected);
        assertThat(found.get("SYMLINK s")).isEqualTo(longName.getBytes(StandardCharsets.UTF_8));
        assertThat(found.get("HARDLINK z")).isEqualTo(longName.getBytes(StandardCharsets.UTF_8));
    }
}
