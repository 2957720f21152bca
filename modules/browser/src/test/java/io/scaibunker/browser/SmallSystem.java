package io.scaibunker.browser;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** The smallest system that one can sit in: this machine's shell, and what it is linked with. */
final class SmallSystem {
    private static final Pattern LIBRARY = Pattern.compile("(/\\S+\\.so[.0-9]*)");

    private SmallSystem() {}

    static Path tar(Path folder) throws IOException, InterruptedException {
        Path tree = folder.resolve("tree");
        Path shell = Path.of("/bin/sh").toRealPath();
        Files.createDirectories(tree.resolve("bin"));
        Files.copy(shell, tree.resolve("bin/sh"));
        String linked = output("ldd", shell.toString());
        for (var found : LIBRARY.matcher(linked).results().toList()) {
            Path library = Path.of(found.group(1));
            Path copy = tree.resolve(library.toString().substring(1));
            Files.createDirectories(copy.getParent());
            Files.copy(library.toRealPath(), copy);
        }
        Files.createSymbolicLink(tree.resolve("shortcut"), Path.of("bin"));
        Path tar = folder.resolve("small.tar");
        output("tar", "-C", tree.toString(), "-cf", tar.toString(), ".");
        return tar;
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + said);
        }
        return said;
    }
}
