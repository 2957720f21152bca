package io.scaibunker.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A kernel for guests, as {@code scripts/guest-kernel} lays it out: {@code vmlinuz}, {@code version}, and
 * {@code modules.order} naming the files below {@code modules/} in the order in which they are loaded.
 *
 * @param version as {@code uname -r} says inside
 * @param image the bzImage
 * @param modules in loading order
 */
public record GuestKernel(String version, Path image, List<Path> modules) {
    private static final Pattern MODULE = Pattern.compile("[a-z0-9][a-z0-9_-]*\\.ko");

    public GuestKernel {
        modules = List.copyOf(modules);
    }

    /** @throws IOException naming what is missing and the script that brings it */
    public static GuestKernel read(Path directory) throws IOException {
        try {
            var version = Files.readString(directory.resolve("version")).strip();
            var modules = Files.readAllLines(directory.resolve("modules.order")).stream()
                    .filter(line -> !line.isBlank())
                    .map(line -> module(directory, line.strip()))
                    .toList();
            var kernel = new GuestKernel(version, directory.resolve("vmlinuz"), modules);
            kernel.requireFiles();
            return kernel;
        } catch (NoSuchFileException missing) {
            throw new IOException(
                    "no guest kernel in " + directory + " (" + missing.getMessage()
                            + " is missing); scripts/guest-kernel brings it",
                    missing);
        }
    }

    private void requireFiles() throws IOException {
        requireFile(image);
        for (var module : modules) {
            requireFile(module);
        }
    }

    private static void requireFile(Path file) throws NoSuchFileException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
    }

    private static Path module(Path directory, String name) {
        if (!MODULE.matcher(name).matches()) {
            throw new IllegalArgumentException("modules.order in " + directory + " names no module: " + name);
        }
        return directory.resolve("modules").resolve(name);
    }
}
