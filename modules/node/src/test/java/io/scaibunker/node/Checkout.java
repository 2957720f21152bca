package io.scaibunker.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/** The source tree this test belongs to. */
final class Checkout {
    static final Path ROOT = Path.of("").toAbsolutePath().resolve("../..").normalize();

    private Checkout() {}

    /** Files under a folder of the checkout, none that a build made. */
    static List<Path> files(String under, Predicate<Path> wanted) {
        try (var files = Files.walk(ROOT.resolve(under))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !ROOT.relativize(file).toString().matches("(.*/)?target/.*"))
                    .filter(wanted)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
