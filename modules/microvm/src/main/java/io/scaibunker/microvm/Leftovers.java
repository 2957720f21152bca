package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machines that an earlier run of a worker has left running.
 *
 * <p>A machine is known by its command line and its working directory, read from the running process itself: there is
 * no moment in which a machine runs and cannot be found, and a process number that was given to somebody else is not
 * mistaken for it. So there is nothing to write down that could be lost or wrong.
 */
public final class Leftovers {
    private static final Logger log = LoggerFactory.getLogger(Leftovers.class);
    private static final Path PROC = Path.of("/proc");

    private Leftovers() {}

    /** Our processes whose machine's directory lies in {@code machinesDir}, by the name of that directory. */
    public static Map<String, ProcessHandle> running(Path machinesDir) throws IOException {
        var directory = machinesDir.toRealPath();
        var found = new HashMap<String, ProcessHandle>();
        try (var processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var process : processes) {
                var pid = Long.parseLong(process.getFileName().toString());
                // The handle knows when its process began, and does not mean another one of the same number later.
                var handle = ProcessHandle.of(pid).orElse(null);
                var name = handle == null ? null : machineOf(pid, directory);
                if (handle != null && name != null) {
                    found.put(name, handle);
                }
            }
        }
        return Map.copyOf(found);
    }

    /** Kills a machine's process and returns when it is gone. */
    public static void end(ProcessHandle machine) throws IOException, InterruptedException {
        log.info("ending process {}, a machine that was left running", machine.pid());
        machine.destroyForcibly();
        try {
            machine.onExit().get(10, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IOException("process " + machine.pid() + " does not end", e);
        }
    }

    private static @Nullable String machineOf(long pid, Path directory) {
        if (!isMonitor(commandLine(pid))) {
            return null;
        }
        try {
            var workDir =
                    Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("cwd"));
            // Whose directory is gone can be nobody's machine any more; it is still ours to end.
            return directory.equals(workDir.getParent()) && (Files.notExists(workDir) || mayWrite(pid, workDir))
                    ? workDir.getFileName().toString()
                    : null;
        } catch (IOException endedOrNotOurs) {
            return null;
        }
    }

    private static boolean isMonitor(List<String> words) {
        var at = words.indexOf(QemuCommand.NAME_OPTION);
        return at >= 0 && at + 1 < words.size() && words.get(at + 1).startsWith("guest=");
    }

    /** Whether it runs as the user whom the directory was given to: anybody may call a process as he likes. */
    private static boolean mayWrite(long pid, Path workDir) {
        try {
            return owner(PROC.resolve(Long.toString(pid))).equals(owner(workDir.resolve(MachineSpec.RUN)));
        } catch (IOException gone) {
            return false;
        }
    }

    private static Object owner(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
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
