package io.scaibunker.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The only directories whose files a tenant may name. Where a path ends after all links is what counts. */
final class TarRoots {
    private final List<Path> roots;

    TarRoots(List<Path> roots) {
        this.roots = roots;
    }

    /** The real path of a regular file or directory below a root. Asks the file system nothing about paths elsewhere. */
    Path locate(String text) {
        var named = parse(text);
        if (roots.stream()
                .noneMatch(root -> isBelow(named, root.toAbsolutePath().normalize()))) {
            throw notAllowed(text, "it is not under a directory that the operator opened for images");
        }
        try {
            var real = named.toRealPath();
            if (!isUnderARoot(real)) {
                throw notAllowed(text, "a link in it leads out of the directories that the operator opened for images");
            }
            if (!Files.isRegularFile(real) && !Files.isDirectory(real)) {
                throw notAllowed(text, "it is neither a file nor a directory");
            }
            return real;
        } catch (NoSuchFileException missing) {
            throw new SourceException(
                    SourceException.Reason.NOT_FOUND,
                    "path " + SourceException.shown(text) + " does not exist",
                    missing);
        } catch (IOException unreadable) {
            throw notAllowed(text, "it cannot be followed to its end", unreadable);
        }
    }

    /** Whether a real path lies below the real path of a root. */
    boolean isUnderARoot(Path real) {
        return realRoots().stream().anyMatch(root -> isBelow(real, root));
    }

    private List<Path> realRoots() {
        var real = new ArrayList<Path>();
        for (var root : roots) {
            try {
                real.add(root.toRealPath());
            } catch (IOException _) {
                // A root that is not there (a medium not mounted) holds nothing.
            }
        }
        return real;
    }

    private static boolean isBelow(Path path, Path root) {
        return path.startsWith(root) && !path.equals(root);
    }

    private static Path parse(String text) {
        try {
            var path = Path.of(text);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException malformed) {
            throw notAllowed(text, "it is not a path", malformed);
        }
        throw notAllowed(text, "it must be absolute");
    }

    private static SourceException notAllowed(String text, String why) {
        return new SourceException(
                SourceException.Reason.PATH_NOT_ALLOWED,
                "path " + SourceException.shown(text) + " is not allowed: " + why);
    }

    private static SourceException notAllowed(String text, String why, Exception cause) {
        return new SourceException(
                SourceException.Reason.PATH_NOT_ALLOWED,
                "path " + SourceException.shown(text) + " is not allowed: " + why,
                cause);
    }
}
