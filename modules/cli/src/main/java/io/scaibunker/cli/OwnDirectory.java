package io.scaibunker.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A directory that a command remembers things in. What lies there is believed, so it is made for its owner alone. */
final class OwnDirectory {
    private OwnDirectory() {}

    /** Makes it where missing. */
    static Optional<Path> at(@Nullable Path directory) throws IOException {
        if (directory == null) {
            return Optional.empty();
        }
        if (!Files.isDirectory(directory)) {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return Optional.of(directory.toRealPath());
    }
}
