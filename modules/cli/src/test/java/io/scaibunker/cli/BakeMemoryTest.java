package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.layers.TarBuilder;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as scripts/scaibunker starts it, and the most memory that it had. */
class BakeMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int FILES = 300_000;
    private static final int FEW = 50_000;

    @TempDir
    private Path place;

    @Test
    void threeHundredThousandFilesStayWithin256Megabytes() throws Exception {
        assumeTrue(Files.isReadable(STATUS), "there is no " + STATUS);
        var few = peak(FEW);
        var many = peak(FILES);
        System.out.printf(
                "peak memory of a bake: %d MB for %d files, %d MB for %d: %d bytes an entry%n",
                few / 1_000_000, FEW, many / 1_000_000, FILES, (many - few) / (FILES - FEW));
        assertThat(many).isLessThanOrEqualTo(256_000_000);
    }

    private long peak(int files) throws IOException, InterruptedException {
        var out = place.resolve("out");
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "@" + flags(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Measured.class.getName(),
                        "bake",
                        "--source=tar:" + tar(files),
                        "--size-mib=2048",
                        "--out=" + out)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains(files + files / 100 + 2 + " entries");
        return Long.parseLong(said.lines().toList().getLast()) << 10;
    }

    private static Path flags() {
        var here = Path.of("").toAbsolutePath();
        while (!Files.exists(here.resolve("scripts/cli.jvm"))) {
            here = here.getParent();
        }
        return here.resolve("scripts/cli.jvm");
    }

    private Path tar(int files) throws IOException {
        var tar = place.resolve("tar.gz");
        try (var out = new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(tar)))) {
            for (var index = 0; index < files; index++) {
                var directory = "srv/some-directory-" + index / 100;
                var member = new TarBuilder();
                if (index % 100 == 0) {
                    member.directory(directory);
                }
                member.file(directory + "/a-file-of-many-" + index, "content of number " + index);
                out.write(member.unfinished());
            }
            out.write(new byte[1024]);
        }
        return tar;
    }

    /** Says in the end, in kB, what the kernel has seen. */
    static final class Measured {
        public static void main(String[] arguments) throws IOException {
            var code = Main.run(
                    new Terminal(InputStream.nullInputStream(), System.out, System.err, false, false, Map.of()),
                    arguments);
            for (var line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmHWM:")) {
                    System.out.println(line.split("[ \t]+")[1]);
                }
            }
            System.exit(code);
        }
    }
}
