package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.SampleImages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other machines get, unpacked and used as there: away from the checkout, in a home of its own. */
class DistTest {
    private record Ended(int code, String out, String err) {}

    @TempDir
    static Path dir;

    private static Path unpacked;

    @BeforeAll
    static void unpack() throws Exception {
        Ended packed = run(Checkout.ROOT.resolve("scripts/dist").toString(), "--built");
        assertThat(packed.code()).as(packed.err()).isZero();
        Path tar = Checkout.ROOT.resolve(packed.out().strip());
        SampleImages.run("tar", "-C", dir.toString(), "-xzf", tar.toString());
        unpacked = dir.resolve(tar.getFileName().toString().replace(".tar.gz", ""));
    }

    @Test
    void theLauncherStartsFromWhereverItIsLinked() throws Exception {
        Path link = Files.createSymbolicLink(dir.resolve("scaibunker"), unpacked.resolve("bin/scaibunker"));
        Ended first = run(link.toString(), "--version");
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out()).matches("scaibunker [0-9].*\n");
        assertThat(first.err()).isEmpty();
        // By now with what the first start has kept.
        assertThat(dir.resolve("home/.cache/scaibunker")).isNotEmptyDirectory();
        assertThat(run(link.toString(), "--version")).isEqualTo(first);
    }

    @Test
    void bashCompletesCommandsAndTheirOptions() throws Exception {
        String complete = """
                source '%s'
                complete -p scaibunker
                COMP_WORDS=(scaibunker im) COMP_CWORD=1
                _complete_scaibunker && echo "${COMPREPLY[@]}"
                COMP_WORDS=(scaibunker image watch --unt) COMP_CWORD=3
                _complete_scaibunker && echo "${COMPREPLY[@]}"
                """.formatted(unpacked.resolve("share/bash-completion/completions/scaibunker"));
        Ended ended = run("bash", "--norc", "-c", complete);
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.out()).contains("complete -o default -F _complete_scaibunker scaibunker", "image", "--until");
    }

    @Test
    void zshTakesTheCompletion() throws Exception {
        assumeTrue(SampleImages.hasProgram("zsh"), "zsh is not installed: its completion is not tried");
        String complete = "fpath=('%s' $fpath); autoload -Uz compinit; compinit -u -d '%s'; print $_comps[scaibunker]"
                .formatted(unpacked.resolve("share/zsh/site-functions"), dir.resolve("compdump"));
        Ended ended = run("zsh", "-fc", complete);
        assertThat(ended.out()).as(ended.err()).contains("_scaibunker");
    }

    @Test
    void theManualPageIsOne() {
        assertThat(unpacked.resolve("share/man/man1/scaibunker.1"))
                .content()
                .startsWith(".TH")
                .contains("bunker exec");
    }

    private static Ended run(String... command) throws Exception {
        Path home = Files.createDirectories(dir.resolve("home"));
        Path out = Files.createTempFile(dir, "out", "");
        Path err = Files.createTempFile(dir, "err", "");
        List<String> words = new ArrayList<>(List.of(command));
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(dir.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SCAIBUNKER_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", home.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("goes on and on: " + words);
        }
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
