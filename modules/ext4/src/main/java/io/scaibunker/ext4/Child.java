package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/**
 * One running program. What it says on standard error is kept, its last {@value #KEPT} bytes at least; what it says on
 * standard output is not. Closing ends it and all it has started.
 */
final class Child implements AutoCloseable {
    private static final int KEPT = 64 * 1024;

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
     * Ends what still runs. The first process is left to end by itself when its children are gone: the fakeroot script
     * then ends its daemon, which is no descendant of ours.
     */
    @Override
    public void close() {
        if (!process.isAlive()) {
            return;
        }
        var interrupted = Thread.interrupted();
        try {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException again) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
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
