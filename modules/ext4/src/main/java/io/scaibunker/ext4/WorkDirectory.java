package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The place of one bake, beside its target so that the finished file can be renamed there. Closing removes it. */
final class WorkDirectory implements AutoCloseable {
    private static final String PREFIX = ".bake-";
    private static final int ATTEMPTS = 3;

    private final Path path;

    private WorkDirectory(Path path) {
        this.path = path;
    }

    /** Nobody else may look inside: a tenant's set-uid programs lie there for a while. */
    static WorkDirectory in(Path directory) throws IOException {
        var closed = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        return new WorkDirectory(Files.createTempDirectory(directory, PREFIX, closed));
    }

    /** Removes what bakes that died have left in a directory. */
    static void removeLeftIn(Path directory) throws IOException {
        var left = new ArrayList<String>();
        try (var found = Files.newDirectoryStream(directory.toAbsolutePath(), PREFIX + "*")) {
            found.forEach(one -> left.add(one.toString()));
        }
        if (!left.isEmpty()) {
            remove(left);
        }
    }

    /** Brings a file's bytes to disk. */
    static Path force(Path finished) throws IOException {
        try (var file = FileChannel.open(finished, StandardOpenOption.WRITE)) {
            file.force(true);
        }
        return finished;
    }

    /** Brings a finished file to disk and, in one step, to its place. */
    static void publish(Path finished, Path target) throws IOException {
        force(finished);
        Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        var directory = target.getParent();
        if (directory != null) {
            try (var entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                entries.force(true);
            }
        }
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        remove(List.of(path.toString()));
    }

    /** By rm, which goes down step by step: a tree may be deeper than the longest path that Java can name. */
    private static void remove(List<String> paths) throws IOException {
        var command = new ArrayList<>(List.of(Tool.REMOVE.path(), "-rf", "--one-file-system", "--"));
        command.addAll(paths);
        for (var attempt = 1; !removed(command, attempt == ATTEMPTS); attempt++) {}
    }

    /** The programs of a process that died may still write for a moment, and a directory that fills up is not removed. */
    private static boolean removed(List<String> command, boolean orFail) throws IOException {
        try (var rm = Child.start("rm", command, Map.of(), Path.of("/"))) {
            var code = rm.awaitUninterrupted();
            if (code != 0 && orFail) {
                throw rm.failure(code);
            }
            return code == 0;
        }
    }
}
