package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what a worker that died has left running.
 *
 * <p>A machine is known by its command line, which names its directory, read from the running process itself: there is
 * no moment in which a machine runs and cannot be found, and a process number that was given to somebody else is not
 * mistaken for it.
 */
public final class Leftovers {
    private static final Logger log = LoggerFactory.getLogger(Leftovers.class);
    private static final Path PROC = Path.of("/proc");

    private Leftovers() {}

    /**
     * Kills every machine whose directory lies in {@code machinesDir}, and removes all those directories. Only for a
     * worker that starts, before it starts machines itself.
     *
     * @return the names of the directories whose machine still ran
     * @throws IOException when a process does not die or a directory cannot be removed
     */
    public static List<String> endAll(Path machinesDir) throws IOException, InterruptedException {
        var directory = machinesDir.toAbsolutePath().normalize();
        var ended = new ArrayList<String>();
        try (var processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var process : processes) {
                var name = end(Long.parseLong(process.getFileName().toString()), directory);
                if (name != null) {
                    ended.add(name);
                }
            }
        }
        removeAllIn(directory);
        return List.copyOf(ended);
    }

    /** The name of the machine that this process was, or null when it was none of ours. */
    private static @Nullable String end(long pid, Path directory) throws IOException, InterruptedException {
        // The handle knows when its process began, and does not kill another one of the same number.
        var handle = ProcessHandle.of(pid).orElse(null);
        var machine = handle == null ? null : machineOf(pid, directory);
        if (handle == null || machine == null) {
            return null;
        }
        log.info("machine {} was left running as process {}: ending it", machine, pid);
        handle.destroyForcibly();
        try {
            handle.onExit().get(10, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IOException("process " + pid + " of machine " + machine + " does not end", e);
        }
        return machine;
    }

    private static @Nullable String machineOf(long pid, Path directory) {
        var words = commandLine(pid);
        var at = words.indexOf(QemuCommand.DIRECTORY_OPTION);
        if (at < 0 || at + 1 >= words.size()) {
            return null;
        }
        var workDir = Path.of(words.get(at + 1)).getParent();
        return workDir != null && directory.equals(workDir.getParent())
                ? workDir.getFileName().toString()
                : null;
    }

    private static List<String> commandLine(long pid) {
        try {
            var bytes = Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
        } catch (IOException ended) {
            return List.of();
        }
    }

    private static void removeAllIn(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (var machines = Files.newDirectoryStream(directory)) {
            for (var machine : machines) {
                remove(machine);
            }
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
