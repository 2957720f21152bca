package io.scaibunker.microvm;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The way to the sockets of one monitor, which opens them when it has begun.
 *
 * @param workDir the monitor's working directory, where they are
 * @param lastWords what it said, when it has ended
 */
record MonitorSockets(Path workDir, ProcessHandle process, Supplier<String> lastWords) {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** The kernel's bound is 108 with the closing zero. */
    private static final int LONGEST_PATH = 100;

    SocketChannel connect(String socket) throws IOException {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try {
                return SocketChannel.open(UnixDomainSocketAddress.of(reachable(socket)));
            } catch (IOException notYet) {
                pause(deadline, socket, notYet);
            }
        }
    }

    /** By the process's own working directory where the real path is too long for a socket. */
    Path reachable(String socket) {
        var direct = workDir.resolve(socket);
        return direct.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_PATH
                ? direct
                : Path.of("/proc", Long.toString(process.pid()), "cwd", socket);
    }

    /** Waits a little, unless waiting is of no use. */
    private void pause(long deadline, String socket, IOException why) throws IOException {
        try {
            if (isGone(Duration.ofMillis(5))) {
                throw new IOException("the monitor ended at once: " + lastWords.get());
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the monitor started", given);
        }
        if (System.nanoTime() > deadline) {
            throw new IOException("the monitor did not open its " + socket + " in " + LIMIT, why);
        }
    }

    boolean isGone(Duration within) throws InterruptedException {
        try {
            process.onExit().get(within.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException runs) {
            return false;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
