package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.mtime;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every writer keeps, as debugfs sees it. */
abstract class WriterContract {
    abstract ImageWriter writer();

    static final ImageSpec SPEC = new ImageSpec(16, "sha256:0123", Instant.ofEpochSecond(1_700_000_000));

    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    WrittenImage written;

    ReadBack bake(TarBuilder... layers) throws IOException, InterruptedException {
        var image = directory.resolve("image.ext4");
        var stack = new LayerStack(Stream.of(layers).map(TarBuilder::layer).toList());
        written = writer().write(stack, SPEC, image, WriteProgress.NONE);
        assertThat(directory.toFile().list()).containsExactly("image.ext4");
        assertThat(Programs.run("e2fsck", "-fn", image.toString()).code()).isZero();
        return ReadBack.of(image);
    }

    @Test
    void ownersModesTimesDevicesAndLinksSurvive() throws Exception {
        var back = bake(new TarBuilder()
                .directory(".", mode(0751).andThen(owner(7, 4_000_000_000L)).andThen(mtime("1234567890.25")))
                .directory("locked", mode(0))
                .file("locked/file", "hello", mode(0))
                .file("suid", "x", mode(04755).andThen(owner(100_000, 4_000_000_000L)))
                .directory("sticky", mode(01777))
                .symlink("short", "locked/file")
                .symlink("long", "x".repeat(3000))
                .hardLink("second", "locked/file")
                .hardLink("link-to-link", "short")
                .add("null", '3', member -> {
                    member.major = 1;
                    member.minor = 3;
                    member.mode = 0666;
                })
                .add("disk", '4', member -> {
                    member.major = 259;
                    member.minor = 70_000;
                    member.gid = 6;
                })
                .add("fifo", '6', member -> {})
                .file("before-1970", "", mtime("-2000000000.5"))
                .file("after-2038", "", mtime("2500000000.000000001"))
                .file("nanos", "", mtime("1600000000.123456789")));
        assertThat(back.at("/").mode()).isEqualTo("0751");
        assertThat(back.at("/").gid()).isEqualTo(4_000_000_000L);
        assertThat(back.at("/").mtime()).isEqualTo("499602d2:3b9aca00");
        assertThat(back.at("/locked").mode()).isEqualTo("0000");
        assertThat(back.at("/locked/file").mode()).isEqualTo("0000");
        assertThat(back.at("/locked/file").links()).isEqualTo(2);
        assertThat(back.content("/locked/file")).isEqualTo("hello");
        assertThat(back.at("/second").inode()).isEqualTo(back.at("/locked/file").inode());
        assertThat(back.at("/suid").mode()).isEqualTo("04755");
        assertThat(back.at("/suid").uid()).isEqualTo(100_000);
        assertThat(back.at("/suid").gid()).isEqualTo(4_000_000_000L);
        assertThat(back.at("/sticky").mode()).isEqualTo("01777");
        assertThat(back.at("/short").target()).isEqualTo("locked/file");
        assertThat(back.at("/link-to-link").inode()).isEqualTo(back.at("/short").inode());
        assertThat(back.at("/long").size()).isEqualTo(3000);
        assertThat(back.at("/null").type()).isEqualTo("character special");
        assertThat(back.at("/null").device()).isEqualTo("01:03");
        assertThat(back.at("/disk").type()).isEqualTo("block special");
        assertThat(back.at("/disk").gid()).isEqualTo(6);
        assertThat(back.at("/fifo").type()).isEqualTo("FIFO");
        assertThat(back.at("/before-1970").mtime()).isEqualTo("88ca6bff:77359400");
        assertThat(back.at("/after-2038").mtime()).isEqualTo("9502f900:00000005");
        assertThat(back.at("/nanos").mtime()).isEqualTo("5f5e1000:1d6f3454");
        assertThat(back.at("/sticky").mtime()).startsWith("5f5e1000");
        assertThat(written.entries()).isEqualTo(15);
        assertThat(written.sizeBytes()).isEqualTo(16 << 20);
        assertThat(Files.size(directory.resolve("image.ext4"))).isEqualTo(16 << 20);
    }

    @Test
    void extendedAttributesSurviveWithAnyByteInThem() throws Exception {
        var list = "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\127\4\0\0\4\0\4\0\377\377\377\377"
                + "\20\0\4\0\377\377\377\377\40\0\4\0\377\377\377\377";
        var capability = "\1\0\0\2\0\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        var many = mode(0644);
        for (var index = 0; index < 60; index++) {
            many = many.andThen(xattr("user.k" + index, "v".repeat(50 - 20)));
        }
        var back = bake(new TarBuilder()
                .directory(".", xattr("user.root", "r"))
                .file("capable", "x", xattr("security.capability", capability))
                .file("quote\"and space", "x", xattr("user.empty", "").andThen(xattr("user.lines", "a\nb\0c")))
                .file("listed", "x", xattr("system.posix_acl_access", list))
                .directory("default", xattr("system.posix_acl_default", list))
                .file("big", "x", xattr("user.big", "z".repeat(3900)))
                .file("many", "x", many)
                .file("foreign", "x", xattr("com.apple.quarantine", "x"))
                .add("link", '2', member -> {
                    member.link = "capable";
                    xattr("trusted.link", "1").accept(member);
                })
                .add("null", '3', xattr("trusted.device", "1")));
        assertThat(back.at("/").xattrs()).containsEntry("user.root", "\"r\"");
        assertThat(back.at("/capable").xattrs().get("security.capability"))
                .isEqualTo("01 00 00 02 00 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
        assertThat(back.at("/quote\"and space").xattrs())
                .containsEntry("user.empty", "0 bytes")
                .containsEntry("user.lines", "61 0a 62 00 63");
        // ext4 has a form of its own for access lists, which the kernel turns back.
        assertThat(back.at("/listed").xattrs().get("system.posix_acl_access")).startsWith("01 00 00 00 01 00 06 00");
        assertThat(back.at("/default").xattrs()).containsKey("system.posix_acl_default");
        assertThat(back.at("/big").xattrs().get("user.big")).isEqualTo("3900 bytes");
        assertThat(back.at("/many").xattrs()).hasSize(60);
        assertThat(back.at("/foreign").xattrs()).isEmpty();
        assertThat(back.at("/link").xattrs()).containsKey("trusted.link");
        assertThat(back.at("/null").xattrs()).containsKey("trusted.device");
    }

    @Test
    void layersBecomeOneTree() throws Exception {
        var lower = new TarBuilder()
                .directory("usr/lib")
                .symlink("lib", "usr/lib")
                .file("usr/lib/a", "lower a")
                .hardLink("usr/lib/a-too", "usr/lib/a")
                .file("gone", "x")
                .directory("opaque")
                .file("opaque/old", "x");
        var upper = new TarBuilder()
                .file("lib/a", "upper a")
                .hardLink("usr/lib/a-again", "usr/lib/a-too")
                .whiteout("gone")
                .file("opaque/new", "new")
                .opaque("opaque")
                .file("twice", "first")
                .file("twice", "last");
        var back = bake(lower, upper);
        assertThat(back.tree())
                .containsOnlyKeys(
                        "/",
                        "/lib",
                        "/opaque",
                        "/opaque/new",
                        "/twice",
                        "/usr",
                        "/usr/lib",
                        "/usr/lib/a",
                        "/usr/lib/a-again",
                        "/usr/lib/a-too");
        assertThat(back.content("/usr/lib/a")).isEqualTo("upper a");
        assertThat(back.content("/usr/lib/a-again")).isEqualTo("lower a");
        assertThat(back.at("/usr/lib/a-again").links()).isEqualTo(2);
        assertThat(back.content("/twice")).isEqualTo("last");
    }

    @Test
    void namesOfAnyBytesAndLengthsSurvive() throws Exception {
        var deep = "directory-in-a-directory/".repeat(100) + "\u00e9\u00ff\u0001";
        var back = bake(new TarBuilder()
                .file("\u00ff\u00fe raw", "raw")
                .file("a\nb", "line break", mtime("5.5"))
                .file("-rf", "dash")
                .file("back\\slash\\101", "slash")
                .file("n".repeat(255), "long")
                .file(deep, "deep", mtime("1600000000.5"))
                .symlink("s59", "t".repeat(59))
                .symlink("s60", "t".repeat(60))
                .symlink("s4095", "t".repeat(4095))
                .hardLink("hard", deep));
        assertThat(back.content("/\u00ff\u00fe raw")).isEqualTo("raw");
        assertThat(back.content("/-rf")).isEqualTo("dash");
        assertThat(back.content("/back\\slash\\101")).isEqualTo("slash");
        assertThat(back.content("/" + "n".repeat(255))).isEqualTo("long");
        assertThat(back.at("/" + deep).mtime()).isEqualTo("5f5e1000:77359400");
        assertThat(back.at("/hard").inode()).isEqualTo(back.at("/" + deep).inode());
        assertThat(back.at("/s59").target()).isEqualTo("t".repeat(59));
        assertThat(back.at("/s60").size()).isEqualTo(60);
        assertThat(back.at("/s4095").size()).isEqualTo(4095);
        assertThat(written.entries()).isEqualTo(11 + 100);
    }

    @Test
    void zerosTakeNoRoom() throws Exception {
        bake(new TarBuilder()
                .file("zeros", "", member -> member.data = new byte[8 << 20])
                .file("ones", "11"));
        assertThat(written.allocatedBytes()).isLessThan(1 << 20);
        var blocks =
                Programs.run("stat", "-c", "%b", directory.resolve("image.ext4").toString());
        assertThat(Long.parseLong(blocks.output().strip()) * 512).isBetween(written.allocatedBytes(), 2L << 20);
    }

    @Test
    void anEmptyImageIsAnEmptyFileSystem() throws Exception {
        assertThat(bake(new TarBuilder()).tree()).containsOnlyKeys("/");
        assertThat(bake().tree()).containsOnlyKeys("/");
        assertThat(written.phases()).containsKey("publish");
    }

    @Test
    void anImageMayHaveALostAndFoundOfItsOwn() throws Exception {
        bake(new TarBuilder().directory("lost+found", mode(0700)).file("lost+found/x", "found"));
        assertThat(Programs.run(
                                "debugfs",
                                "-R",
                                "cat lost+found/x",
                                directory.resolve("image.ext4").toString())
                        .output())
                .endsWith("found");
    }

    @Test
    void theDigestAndTheIdentityAreWhatTheySay() throws Exception {
        bake(new TarBuilder().file("a", "a"));
        var image = directory.resolve("image.ext4").toString();
        var text = Files.writeString(directory.resolve("table"), written.table().text());
        assertThat(written.digest())
                .isEqualTo("sha256:"
                        + Programs.run("sha256sum", text.toString()).output().substring(0, 64));
        var bytes = Files.readAllBytes(Path.of(image));
        for (var part : written.table().parts()) {
            var from = (int) part.offset();
            assertThat(part.pieces())
                    .isEqualTo(SegmentTest.pieces(Arrays.copyOfRange(bytes, from, from + (int) part.length())));
        }
        var header = Programs.run("dumpe2fs", "-h", image).output();
        assertThat(header)
                .contains(
                        "Filesystem UUID:          " + Identity.of(SPEC.seed()).uuid())
                .contains(
                        "Directory Hash Seed:      " + Identity.of(SPEC.seed()).hashSeed())
                .contains("Filesystem created:       Tue Nov 14 22:13:20 2023")
                .doesNotContain("has_journal")
                .doesNotContain("orphan_file")
                .doesNotContain("metadata_csum_seed");
    }

    /** What fs/ext4/ext4.h of Linux 5.4 lists as supported. Of compatible features a kernel may ignore any. */
    @Test
    void aKernelOf2019KnowsAllFeatures() throws Exception {
        var compat = List.of("dir_prealloc", "has_journal", "ext_attr", "resize_inode", "dir_index", "sparse_super2");
        var incompat =
                0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x2_0000;
        var roCompat = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x8000;
        bake(new TarBuilder().file("a", "a"));
        var image = directory.resolve("image.ext4");
        var superblock = ByteBuffer.wrap(Arrays.copyOfRange(Files.readAllBytes(image), 1024, 2048))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(superblock.getInt(96) & ~incompat).isZero();
        assertThat(superblock.getInt(100) & ~roCompat).isZero();
        var names = Programs.run("dumpe2fs", "-h", image.toString())
                .output()
                .lines()
                .filter(line -> line.startsWith("Filesystem features:"))
                .findFirst()
                .orElseThrow();
        assertThat(names.substring(names.indexOf(':') + 1).strip().split(" +"))
                .filteredOn(compat::contains)
                .hasSize(Integer.bitCount(superblock.getInt(92)));
        // Known to any kernel that knows ext4: no version of these is newer.
        assertThat(superblock.getInt(76)).as("revision").isEqualTo(1);
        assertThat(superblock.get(252)).as("half MD4").isEqualTo((byte) 1);
        assertThat(superblock.get(373)).as("CRC32C").isEqualTo((byte) 1);
    }
}
