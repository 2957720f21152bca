package io.scaibunker.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** What {@code --source} names. */
sealed interface BakeSource {
    /** An image in a registry. */
    record Registry(String reference) implements BakeSource {}

    /** An OCI layout; {@code directory} is real: absolute, no links in it. */
    record Layout(Path directory) implements BakeSource {}

    /** A docker-archive, OCI archive or root file system; {@code file} is real: absolute, no links in it. */
    record Archive(Path file) implements BakeSource {}

    String LAYOUT = "oci-layout:";
    String DOCKER_ARCHIVE = "docker-archive:";
    String TAR = "tar:";

    /** @throws IllegalArgumentException for a path that is not there, or not of the kind its prefix says */
    static BakeSource parse(String text) {
        if (text.startsWith(LAYOUT)) {
            return new Layout(directory(text, real(text, LAYOUT)));
        }
        if (text.startsWith(DOCKER_ARCHIVE)) {
            return new Archive(file(text, real(text, DOCKER_ARCHIVE)));
        }
        if (text.startsWith(TAR)) {
            return new Archive(file(text, real(text, TAR)));
        }
        if (Path.of(text).toFile().isFile()) {
            throw new IllegalArgumentException("'" + text + "' is a file here, and no reference; write " + TAR + " or "
                    + DOCKER_ARCHIVE + " before it");
        }
        return new Registry(text);
    }

    private static Path real(String text, String prefix) {
        var path = text.substring(prefix.length());
        try {
            return Path.of(path).toRealPath();
        } catch (InvalidPathException | IOException unfit) {
            throw new IllegalArgumentException("'" + text + "' names no file that can be read", unfit);
        }
    }

    private static Path directory(String text, Path path) {
        if (!Files.isRegularFile(path.resolve("index.json"))) {
            throw new IllegalArgumentException("'" + text + "' is no OCI layout: it has no index.json");
        }
        return path;
    }

    private static Path file(String text, Path path) {
        if (!Files.isRegularFile(path)) {
            throw new IllegalArgumentException("'" + text + "' is no file; an OCI layout is named " + LAYOUT + "DIR");
        }
        return path;
    }
}
