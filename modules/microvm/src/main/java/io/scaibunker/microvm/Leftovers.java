package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The machines that an earlier run of a worker has left running.
 *
 * <p>A machine is known by its command line and its working directory, read from the running process itself: there is
 * no moment in which a machine runs and cannot be found, and a process number that was given to somebody else is not
 * mistaken for it. So there is nothing to write down that could be lost or wrong.
 */
public final class Leftovers {
    private static final Path PROC = Path.of("/proc");

    private Leftovers() {}

    /** Our machines whose directory lies in {@code machinesDir}, by the name of that directory. */
    public static Map<String, Leftover> running(Path machinesDir) throws IOException {
        var directory = machinesDir.toRealPath();
        var found = new HashMap<String, Leftover>();
        try (var processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var process : processes) {
                var pid = Long.parseLong(process.getFileName().toString());
                // The handle knows when its process began, and does not mean another one of the same number later.
                var handle = ProcessHandle.of(pid).orElse(null);
                var kind = kindOf(pid);
                var workDir = handle == null || kind == null ? null : workDirOf(kind, pid, directory);
                if (handle != null && kind != null && workDir != null) {
                    found.put(workDir.getFileName().toString(), new Leftover(kind, workDir, handle));
                }
            }
        }
        return Map.copyOf(found);
    }

    private static @Nullable MonitorKind kindOf(long pid) {
        var words = commandLine(pid);
        return Arrays.stream(MonitorKind.values())
                .filter(kind -> kind.isOf(words))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable Path workDirOf(MonitorKind kind, long pid, Path directory) {
        try {
            var cwd = PROC.resolve(Long.toString(pid)).resolve("cwd");
            var path = Files.readSymbolicLink(cwd);
            var workDir = kind.workDir(path).filter(place -> directory.equals(place.getParent()));
            if (workDir.isEmpty() && kind == MonitorKind.FIRECRACKER) {
                workDir = byRoom(cwd, directory);
            }
            // Whose directory is gone can be nobody's machine any more; it is still ours to end.
            return workDir.filter(place -> Files.notExists(place) || mayWrite(pid, place))
                    .orElse(null);
        } catch (IOException endedOrNotOurs) {
            return null;
        }
    }

    /** Which machine's room a process works in, by the directory itself: a process in a jail does not know its path. */
    private static Optional<Path> byRoom(Path cwd, Path directory) throws IOException {
        try (var machines = Files.newDirectoryStream(directory)) {
            for (var machine : machines) {
                var room = machine.resolve(MachineSpec.RUN);
                if (Files.isDirectory(room) && Files.isSameFile(cwd, room)) {
                    return Optional.of(machine);
                }
            }
        }
        return Optional.empty();
    }

    /** Whether it runs as the user whom the room was given to: anybody may call a process as he likes. */
    private static boolean mayWrite(long pid, Path workDir) {
        try {
            return owner(PROC.resolve(Long.toString(pid))).equals(owner(workDir.resolve(MachineSpec.RUN)));
        } catch (IOException gone) {
            return false;
        }
    }

    private static Object owner(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid");
    }

    private static List<String> commandLine(long pid) {
        try {
            var bytes = Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
        } catch (IOException ended) {
            return List.of();
        }
    }

    /** Removes a machine's directory with all in it; links are removed, not followed. Fine when it is not there. */
    public static void remove(Path workDir) throws IOException {
        if (!Files.exists(workDir, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(workDir, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failed) throws IOException {
                if (failed != null) {
                    throw failed;
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
