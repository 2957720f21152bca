package io.scaibunker.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A node as a process of its own. */
final class RunningNode implements AutoCloseable {
    private final Process process;

    private RunningNode(Process process) {
        this.process = process;
    }

    /** @param scaibunker the program; @param settings {@code key=value} */
    static RunningNode start(Path scaibunker, Path log, List<String> settings)
            throws IOException, InterruptedException {
        List<String> command = Stream.concat(
                        Stream.of(scaibunker.toString(), "up"),
                        settings.stream().flatMap(setting -> Stream.of("--set", setting)))
                .collect(Collectors.toList());
        Files.deleteIfExists(log);
        RunningNode node = new RunningNode(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start());
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.readString(log).contains(" ready")) {
            if (!node.process.isAlive() || System.nanoTime() > deadline) {
                throw new IllegalStateException("the node did not start:\n" + Files.readString(log));
            }
            node.process.waitFor(50, TimeUnit.MILLISECONDS);
        }
        return node;
    }

    long pid() {
        return process.pid();
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
