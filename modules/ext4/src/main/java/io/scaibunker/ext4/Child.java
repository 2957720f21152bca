package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One running program. What it says on standard error is kept, its last {@value #KEPT} bytes at least; what it says on
 * standard output is not. Closing ends it and all it has started.
 */
final class Child implements AutoCloseable {
    private static final int KEPT = 64 * 1024;
    /** A script that has lost its programs ends within milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String name;
    private final Process process;
    private final Thread listener;
    private final StringBuffer words = new StringBuffer();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        this.listener = Thread.ofVirtual().name("words of " + name).start(this::listen);
    }

    /** Starts a program with the given variables on top of a small, fixed environment. */
    static Child start(String name, List<String> command, Map<String, String> variables, Path directory)
            throws IOException {
        var builder = new ProcessBuilder(command);
        builder.directory(directory.toFile());
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        var environment = builder.environment();
        var path = environment.getOrDefault("PATH", "");
        environment.clear();
        environment.put("PATH", path + ":/usr/sbin:/sbin:/usr/bin:/bin");
        // Messages are read by this program, and names are bytes.
        environment.put("LC_ALL", "C");
        environment.putAll(variables);
        return new Child(name, builder.start());
    }

    /** The program does not read any more; its exit code and its words say why. */
    static final class Gone extends IOException {
        private static final long serialVersionUID = 1L;

        Gone(IOException cause) {
            super("the program does not read any more", cause);
        }
    }

    /** What the program reads on its standard input. */
    OutputStream input() {
        return new FilterOutputStream(process.getOutputStream()) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws Gone {
                try {
                    out.write(bytes, offset, length);
                } catch (IOException broken) {
                    throw new Gone(broken);
                }
            }

            @Override
            public void flush() throws Gone {
                try {
                    out.flush();
                } catch (IOException broken) {
                    throw new Gone(broken);
                }
            }
        };
    }

    /** Waits for the end, asking {@code whileWaiting} several times a second, which may throw to give up. */
    int await(Runnable whileWaiting) {
        try {
            process.getOutputStream().close();
        } catch (IOException alreadyGone) {
            // The exit code says more than a broken pipe.
        }
        try {
            while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
                whileWaiting.run();
            }
            listener.join(TimeUnit.SECONDS.toMillis(5));
            return process.exitValue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + name + " was running");
        }
    }

    /** Waits for the end of a program that is quick and must not be left half done. */
    int awaitUninterrupted() {
        var interrupted = Thread.interrupted();
        try {
            return await(() -> {});
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What the program said on standard error so far. */
    String words() {
        return words.toString().strip();
    }

    /** The failure of a program that ended with {@code code}, in its own words. */
    ImageWriteException failure(int code) {
        var said = words();
        if (said.contains("No space left on device")) {
            return new ImageWriteException(Reason.DISK_FULL, "no space left on the host's disk while " + name + " ran");
        }
        return new ImageWriteException(Reason.FAILED, name + " ended with code " + code + ": " + said);
    }

    /**
     * Ends what still runs. A script is not ended itself but loses what it waits for: fakeroot's ends its daemon, which is
     * no descendant of ours, only when it comes to its own end.
     */
    @Override
    public void close() {
        var interrupted = Thread.interrupted();
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            end(false);
            try {
                process.waitFor(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        end(true);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(boolean scriptsToo) {
        Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .filter(one -> scriptsToo || Tool.isWorker(one))
                .forEach(ProcessHandle::destroyForcibly);
        try {
            process.getOutputStream().close();
        } catch (IOException broken) {
            // Nobody is left to read it.
        }
    }

    private void listen() {
        var buffer = new byte[8192];
        try (InputStream errors = process.getErrorStream()) {
            for (int length; (length = errors.read(buffer)) >= 0; ) {
                words.append(new String(buffer, 0, length, StandardCharsets.UTF_8));
                if (words.length() > 2 * KEPT) {
                    words.delete(0, words.length() - KEPT);
                }
            }
        } catch (IOException gone) {
            words.append("\n(").append(gone.getMessage()).append(')');
        }
    }
}
