package io.scaibunker.vulns;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Runs a scanner that is not ours: no shell, a process group of its own, an environment of its own, a home that is thrown away, and
 * bounds on its time and its words. Whatever it started is gone when this returns.
 */
final class ExternalProgram {
    private static final int LAST_WORDS = 4_096;
    private static final long GRACE_SECONDS = 10;

    private final ExternalSettings settings;

    ExternalProgram(ExternalSettings settings) {
        this.settings = settings;
    }

    /**
     * What the program printed, after it ended well.
     *
     * @param input written to a file
     * @param arguments made of that file's path
     * @throws ScanException if it is not there, did not end well or in time, or printed too much
     */
    byte[] run(byte[] input, Function<Path, List<String>> arguments, Map<String, String> environment)
            throws IOException {
        var program = find();
        var home = Files.createTempDirectory("scan-");
        try {
            var file = Files.write(home.resolve("input.cdx.json"), input);
            return run(program, arguments.apply(file), environment, home);
        } finally {
            delete(home);
        }
    }

    private Path find() throws ScanException {
        var name = settings.program();
        var candidates = name.contains("/")
                ? Stream.of(Path.of(name))
                : Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).map(folder -> Path.of(folder, name));
        return candidates
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst()
                .map(Path::toAbsolutePath)
                .orElseThrow(
                        () -> new ScanException(ScanReason.SCANNER_MISSING, "there is no " + name + " on this host"));
    }

    private byte[] run(Path program, List<String> arguments, Map<String, String> environment, Path home)
            throws IOException {
        var command = new ArrayList<>(List.of("setsid", program.toString()));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
        builder.environment().put("HOME", home.toString());
        builder.environment().put("TMPDIR", home.toString());
        builder.environment().putAll(environment);
        var process = builder.start();
        var flooded = new AtomicBoolean();
        try {
            process.getOutputStream().close();
            var output = read(process.getInputStream(), process, flooded);
            var errors = lastWords(process.getErrorStream());
            if (!process.waitFor(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
                throw new ScanException(
                        ScanReason.TIMEOUT,
                        settings.program() + " was stopped after "
                                + settings.timeout().toSeconds() + " s");
            }
            // What it left running would keep its pipes open; destroying the process would close them unread.
            endGroup(process);
            var printed = output.get(GRACE_SECONDS, TimeUnit.SECONDS);
            if (flooded.get()) {
                throw new ScanException(
                        ScanReason.TOO_LARGE,
                        settings.program() + " printed more than " + settings.outputBytes() + " bytes");
            }
            if (process.exitValue() != 0) {
                throw new ScanException(
                        ScanReason.SCANNER_FAILED,
                        settings.program() + " ended with " + process.exitValue() + ": "
                                + errors.get(GRACE_SECONDS, TimeUnit.SECONDS));
            }
            return printed;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new ScanException(ScanReason.SCANNER_FAILED, "the scan was stopped", stopped);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException unread) {
            throw new ScanException(
                    ScanReason.SCANNER_FAILED, "what " + settings.program() + " printed was lost", unread);
        } finally {
            end(process);
        }
    }

    private CompletableFuture<byte[]> read(InputStream stream, Process process, AtomicBoolean flooded) {
        var printed = new CompletableFuture<byte[]>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                var kept = new ByteArrayOutputStream();
                var buffer = new byte[64 << 10];
                for (var read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                    if (kept.size() + read > settings.outputBytes()) {
                        flooded.set(true);
                        end(process);
                        break;
                    }
                    kept.write(buffer, 0, read);
                }
                printed.complete(kept.toByteArray());
            } catch (IOException | RuntimeException lost) {
                printed.completeExceptionally(lost);
            }
        });
        return printed;
    }

    /** Reads all and keeps the end, where programs say why. */
    private static CompletableFuture<String> lastWords(InputStream stream) {
        var words = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                var last = new byte[0];
                var buffer = new byte[LAST_WORDS];
                for (var read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                    var joined = new byte[last.length + read];
                    System.arraycopy(last, 0, joined, 0, last.length);
                    System.arraycopy(buffer, 0, joined, last.length, read);
                    var from = Math.max(0, joined.length - LAST_WORDS);
                    last = java.util.Arrays.copyOfRange(joined, from, joined.length);
                }
                words.complete(new String(last, StandardCharsets.UTF_8).strip());
            } catch (IOException | RuntimeException lost) {
                words.completeExceptionally(lost);
            }
        });
        return words;
    }

    /** Ends the program and all of its group; the group's number is the program's, for {@code setsid} made it the leader. */
    private static void end(Process process) {
        endGroup(process);
        process.destroyForcibly();
    }

    private static void endGroup(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        try {
            new ProcessBuilder("kill", "-KILL", "--", "-" + process.pid())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException unable) {
            // There is no kill on this host: its children were ended one by one above.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | java.io.UncheckedIOException left) {
            // A folder for temporary files; the scan is not worse for what is left there.
        }
    }
}
