package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.mtime;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Mke2fsWriterTest {
    private static final ImageSpec SPEC = new ImageSpec(16, "sha256:0123", Instant.ofEpochSecond(1_700_000_000));

    @TempDir
    Path directory;

    private WrittenImage written;

    private ReadBack bake(TarBuilder... layers) throws IOException, InterruptedException {
        var image = directory.resolve("image.ext4");
        var stack = new LayerStack(Stream.of(layers).map(TarBuilder::layer).toList());
        written = new Mke2fsWriter().write(stack, SPEC, image, WriteProgress.NONE);
        assertThat(directory.toFile().list()).containsExactly("image.ext4");
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
}
