package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a Firecracker's guest prints: the monitor's standard output, a named pipe that the monitor holds open at both ends. So
 * it stays when the worker goes, and the next one finds it. {@code launch.c} opens it so that what does not fit is lost, and
 * nobody waits for a reader.
 */
final class FirecrackerConsole implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FirecrackerConsole.class);
    private static final String NAME = "console";

    private final FileChannel from;
    private final FileChannel keeper;

    private FirecrackerConsole(FileChannel from, FileChannel keeper) {
        this.from = from;
        this.keeper = keeper;
    }

    /** Makes it and opens it; until {@link #handedOver} this end keeps it from ending. */
    static FirecrackerConsole make(MachineSpec spec) throws IOException {
        var pipe = spec.workDir().resolve(NAME);
        Files.deleteIfExists(pipe);
        var made = new ProcessBuilder("mkfifo", "-m", "600", pipe.toString())
                .redirectErrorStream(true)
                .start();
        try {
            if (made.waitFor() != 0) {
                throw new IOException("mkfifo " + pipe + ": "
                        + new String(made.getInputStream().readNBytes(200), StandardCharsets.UTF_8));
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a pipe was made", given);
        }
        return open(spec.workDir());
    }

    /** Opens that of a machine which runs. */
    static FirecrackerConsole open(Path workDir) throws IOException {
        var pipe = workDir.resolve(NAME);
        // With one end that can write, opening the one that reads does not wait for another.
        var keeper = FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            return new FirecrackerConsole(FileChannel.open(pipe, StandardOpenOption.READ), keeper);
        } catch (IOException failed) {
            keeper.close();
            throw failed;
        }
    }

    /** As which descriptors the monitor finds it, by the words of {@code launch.c}. */
    static List<String> opened(MachineSpec spec) {
        var pipe = spec.workDir().resolve(NAME);
        return List.of("-p", "1=" + pipe, "-p", "2=" + pipe);
    }

    /** The monitor has it, or is gone: from here on it ends with the monitor. */
    void handedOver() {
        try {
            keeper.close();
        } catch (IOException e) {
            log.debug("letting go of a console failed", e);
        }
    }

    /** On a platform thread: reading a pipe holds on to it. */
    Thread tail(String id, ConsoleTail to) {
        return Thread.ofPlatform()
                .daemon()
                .stackSize(128 * 1024)
                .name("console-" + id)
                .start(() -> to.addAll(Channels.newInputStream(from)));
    }

    @Override
    public void close() {
        handedOver();
        try {
            from.close();
        } catch (IOException e) {
            log.debug("closing a console failed", e);
        }
    }
}
