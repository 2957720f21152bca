package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class Mke2fsWriterTest extends WriterContract {
    @Override
    ImageWriter writer() {
        return new Mke2fsWriter();
    }

    /** A group holds 32,768 inodes at most; a small image with very many files needs more groups than usual. */
    @Test
    void aHundredThousandFilesFitIntoASmallImage() throws Exception {
        var space = new SpaceNeeded(100, 100_000);
        assertThat(space.mib()).isBetween(25L, 40L);
        var image = directory.resolve("many.ext4").toString();
        var command = new ArrayList<>(List.of("mke2fs", "-N", "100000", "-g", "" + space.blocksInGroup(space.mib())));
        command.addAll(Mke2fs.arguments(image, space.mib(), List.of()));
        assertThat(Programs.run(command.toArray(String[]::new)).code()).isZero();
        assertThat(Programs.run("e2fsck", "-fn", image).code()).isZero();
        assertThat(Programs.run("dumpe2fs", "-h", image).output()).containsPattern("Inode count: +10\\d{4}\n");
    }

    @Test
    void anOrdinaryUserBakesTheSame() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can become somebody else");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is not installed");
        var open = Files.createTempDirectory(Path.of("/tmp"), "ordinary-user");
        try {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
            var classPath = new ArrayList<String>();
            for (var entry : System.getProperty("java.class.path").split(":")) {
                var copy = open.resolve("class-path-" + classPath.size() + (entry.endsWith(".jar") ? ".jar" : ""));
                assertThat(Programs.run("cp", "-rL", entry, copy.toString()).code())
                        .isZero();
                classPath.add(copy.toString());
            }
            Programs.run("chmod", "-R", "a+rX", open.toString());
            var image = open.resolve("image.ext4");
            var outcome = Programs.run(
                    "setpriv",
                    "--reuid=65534",
                    "--regid=65534",
                    "--clear-groups",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Djava.io.tmpdir=" + open,
                    "-cp",
                    String.join(":", classPath),
                    BakeAlone.class.getName(),
                    image.toString());
            assertThat(outcome.code()).as(outcome.output()).isZero();
            var back = ReadBack.of(image);
            assertThat(back.at("/suid").uid()).isZero();
            assertThat(back.at("/suid").mode()).isEqualTo("04755");
            assertThat(back.at("/suid").xattrs()).containsKey("security.capability");
            assertThat(back.at("/null").type()).isEqualTo("character special");
            assertThat(back.at("/locked").mode()).isEqualTo("0000");
            assertThat(back.at("/locked").uid()).isEqualTo(1000);
            assertThat(back.content("/locked/file")).isEqualTo("secret");
            assertThat(Files.getOwner(image).getName()).isEqualTo("nobody");
        } finally {
            Programs.run("rm", "-rf", open.toString());
        }
    }

    /** One bake in a process of its own. */
    static final class BakeAlone {
        public static void main(String[] arguments) throws IOException {
            var tar = new TarBuilder()
                    .file("suid", "x", mode(04755).andThen(xattr("security.capability", "\1\0\0\2" + "\0".repeat(16))))
                    .directory("locked", mode(0).andThen(owner(1000, 1000)))
                    .file("locked/file", "secret", mode(0))
                    .add("null", '3', member -> {
                        member.major = 1;
                        member.minor = 3;
                    });
            var stack = new LayerStack(List.of(tar.layer()));
            new Mke2fsWriter().write(stack, SPEC, Path.of(arguments[0]), WriteProgress.NONE);
        }
    }
}
