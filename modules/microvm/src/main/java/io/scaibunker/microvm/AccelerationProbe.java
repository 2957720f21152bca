package io.scaibunker.microvm;

import io.scaibunker.guest.GuestKernel;
import io.scaibunker.microvm.Acceleration.Kind;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out how this host runs guest code, by doing it. {@code /dev/kvm} may be there, open, and make machines, and the
 * kernel still not come up in them, as on hosts that are guests themselves.
 *
 * <p>What was found is kept in a file, for as long as the host has not been booted again and the kernel is the same.
 */
public final class AccelerationProbe {
    private static final Logger log = LoggerFactory.getLogger(AccelerationProbe.class);
    private static final Path KVM = Path.of("/dev/kvm");
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String CACHE = "acceleration";
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** What the agent says when it was only asked whether it runs. */
    private static final String LINE = "scaibunker-agent: this host runs the kernel";

    private AccelerationProbe() {}

    /**
     * Answers from the file, or boots once, at most ten seconds.
     *
     * @param dataDir the worker's own directory, which keeps the file
     * @param kernel which is booted
     * @param words what boots it, in the monitor that machines will run in, with the agent told to say only that it runs
     */
    public static Acceleration probe(Path dataDir, GuestKernel kernel, List<String> words)
            throws IOException, InterruptedException {
        if (!Files.exists(KVM)) {
            return new Acceleration(Kind.TCG, "this host has no /dev/kvm");
        }
        if (!Files.isReadable(KVM) || !Files.isWritable(KVM)) {
            return new Acceleration(Kind.TCG, "/dev/kvm may not be opened by this user");
        }
        Files.createDirectories(dataDir);
        var key = words.getFirst() + " " + kernel.version() + " "
                + Files.readString(BOOT_ID).strip();
        var known = kept(dataDir, key);
        if (known.isPresent()) {
            return known.get();
        }
        var found = boot(dataDir, words);
        log.info("guest code runs by {}: {}", found.kind(), found.reason());
        write(dataDir, key, found);
        return found;
    }

    private static Acceleration boot(Path dataDir, List<String> monitor) throws IOException, InterruptedException {
        // timeout ends it even if this process is killed meanwhile: a kernel that does not come up spins for ever.
        var words = new ArrayList<>(List.of("timeout", "-k", "1", Long.toString(DEADLINE.toSeconds() + 2)));
        words.addAll(monitor);
        var output = Files.createTempFile(dataDir, "probe", ".log");
        var start = System.nanoTime();
        var process = new ProcessBuilder(words)
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            var ended = process.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            var seconds = (System.nanoTime() - start) / 1e9;
            return judge(ended, seconds, tail(output));
        } finally {
            end(process);
            Files.deleteIfExists(output);
        }
    }

    private static void end(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    static Acceleration judge(boolean ended, double seconds, String output) {
        if (output.contains(LINE)) {
            return new Acceleration(Kind.KVM, String.format("the kernel ran under KVM in %.1f s", seconds));
        }
        if (!ended) {
            return new Acceleration(
                    Kind.TCG, "/dev/kvm opens, but the kernel did not come up in " + DEADLINE.toSeconds() + " s");
        }
        var lines = output.strip().lines().toList();
        var last = lines.isEmpty() ? "without a word" : "saying «" + lines.getLast() + "»";
        return new Acceleration(
                Kind.TCG, "/dev/kvm opens, but the monitor ended " + last.replaceAll("\\p{Cntrl}", "?"));
    }

    private static String tail(Path file) throws IOException {
        try (var channel = Files.newByteChannel(file)) {
            channel.position(Math.max(0, channel.size() - 64 * 1024));
            var bytes = ByteBuffer.allocate(64 * 1024);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
    }

    static Optional<Acceleration> kept(Path dataDir, String key) throws IOException {
        try {
            var lines = Files.readAllLines(dataDir.resolve(CACHE));
            return lines.size() == 3 && lines.getFirst().equals(key)
                    ? Optional.of(new Acceleration(Kind.valueOf(lines.get(1)), lines.get(2)))
                    : Optional.empty();
        } catch (NoSuchFileException | IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    private static void write(Path dataDir, String key, Acceleration found) throws IOException {
        var beside = dataDir.resolve(CACHE + ".part");
        Files.write(beside, List.of(key, found.kind().name(), found.reason()));
        Files.move(beside, dataDir.resolve(CACHE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
