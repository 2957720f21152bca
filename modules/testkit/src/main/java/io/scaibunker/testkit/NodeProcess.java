package io.scaibunker.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A whole node as a process of its own, on the class path and with the JVM flags of the running test. Its words go to a
 * file in the given directory; {@link #close} leaves no process behind.
 */
public final class NodeProcess implements AutoCloseable {
    private static final String MAIN = "io.scaibunker.node.Main";
    private static final Pattern READY = Pattern.compile(
            "(?:Main +|\"formattedMessage\":\")ready(?:: (https?:[^\\s\"]+))?(?:$|\")", Pattern.MULTILINE);
    private static final Pattern FLAG = Pattern.compile("--(add-modules|add-exports|add-opens|enable|sun-misc).*");
    private static final int TAIL_LINES = 60;

    private final Process process;
    private final Path output;

    private NodeProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts a node; does not wait.
     *
     * @param dir where it is at home: its working directory, its data and its words
     * @param settings keys and values on top of the defaults
     */
    public static NodeProcess start(Path dir, Map<String, String> settings) {
        return start(dir, set(settings));
    }

    /** Settings as words of a command line. */
    public static List<String> set(Map<String, String> settings) {
        var arguments = new ArrayList<String>();
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        return arguments;
    }

    /** As {@link #start(Path, Map)}, with the command line in one's own hands. */
    public static NodeProcess start(Path dir, List<String> arguments) {
        return start(dir, List.of(), arguments);
    }

    /** As {@link #start(Path, List)}, by a program that becomes the node, as {@code ip netns exec NAME} does. */
    public static NodeProcess start(Path dir, List<String> by, List<String> arguments) {
        try {
            Files.createDirectories(dir);
            var output = Files.createTempFile(dir, "node-", ".log");
            var process = new ProcessBuilder(command(dir, by, arguments))
                    .directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            return new NodeProcess(process, output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that a node that is dead kept in this directory is gone. */
    public static void wipe(Path dir) {
        try (var files = Files.walk(dir)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the line that says «ready»; throws with the node's last words when it ends or takes too long. */
    public NodeProcess awaitReady(Duration deadline) {
        Eventually.eventually("node is ready", deadline, this::lookForReady, found -> found);
        return this;
    }

    /** The address it serves, from its «ready» line. */
    public String url() {
        Matcher matcher = READY.matcher(output());
        if (!matcher.find() || matcher.group(1) == null) {
            throw new AssertionError("no address in:\n" + tail());
        }
        return matcher.group(1).replace("\\/", "/");
    }

    public long pid() {
        return process.pid();
    }

    /** The processor time that it has taken. */
    public Duration worked() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** {@code kill -9}: no hook runs. */
    public void kill() {
        process.destroyForcibly();
        awaitExit(Duration.ofSeconds(10));
    }

    /** {@code SIGSTOP}: it stands still, and nobody is told. */
    public void pause() {
        signal("STOP");
    }

    /** {@code SIGCONT}: it goes on as if no time had passed. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** {@code SIGTERM}; does not wait. */
    public void terminate() {
        process.destroy();
    }

    /** The exit code; throws with the node's last words when it still runs at the deadline. */
    public int awaitExit(Duration deadline) {
        try {
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running after " + deadline + ":\n" + tail());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** All it said so far. */
    public String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The last lines it said. */
    public String tail() {
        var lines = output().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }

    /** Asks it to stop and kills it if it does not within some seconds. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(12, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** Whether it has said that it is ready. */
    public boolean isReady() {
        return READY.matcher(output()).find();
    }

    private boolean lookForReady() {
        if (!process.isAlive()) {
            throw new AssertionError("ended with " + process.exitValue() + ":\n" + tail());
        }
        return isReady();
    }

    private static List<String> command(Path dir, List<String> by, List<String> arguments) {
        var command = new ArrayList<>(by);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        var flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
        flags.stream().filter(flag -> FLAG.matcher(flag).matches()).forEach(command::add);
        command.addAll(List.of("-Xmx512m", "-Dscaibunker.home=" + dir, "-cp", System.getProperty("java.class.path")));
        command.add(MAIN);
        command.addAll(arguments);
        return command;
    }
}
