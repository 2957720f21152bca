package io.scaibunker.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL a node brings along when {@code store.url} names none. It listens on loopback only, with a password
 * that only this user can read; it syncs as a database should. It is watched: if it ends by itself it is started again
 * on the same port, so the rooms' pools find it. One that a killed node left behind is stopped before a new one starts.
 */
final class PostgresServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
    private static final String NAME = "scaibunker";
    private static final String ON_LOOPBACK = "host all all 127.0.0.1/32 scram-sha-256\n";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
    private static final long LOG_LIMIT = 16L << 20;
    private static final int PASSWORD_BYTES = 24;

    private final PostgresBinaries binaries;
    private final Path dir;
    private final int port;
    private volatile boolean stopping;

    private PostgresServer(PostgresBinaries binaries, Path dir, int port) {
        this.binaries = binaries;
        this.dir = dir;
        this.port = port;
    }

    /** Blocks until it takes connections. */
    static PostgresServer start(PostgresConfig config) {
        try {
            createOwn(config.dir());
            var binaries = PostgresBinaries.unpacked(config.binaries());
            int port = config.port() == 0 ? freePort() : config.port();
            var server = new PostgresServer(binaries, config.dir().toRealPath(), port);
            server.stopLeftBehind();
            server.initialize();
            var process = server.launch();
            Thread.ofVirtual().name("postgres-watch").start(() -> server.watch(process));
            return server;
        } catch (IOException e) {
            throw new StartException("PostgreSQL did not start: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("interrupted while PostgreSQL was starting", e);
        }
    }

    /** As {@code store.url} is written, password and all. */
    String url() {
        try {
            var password = Files.readString(passwordFile()).strip();
            return "postgresql://" + NAME + ":" + password + "@127.0.0.1:" + port + "/" + NAME;
        } catch (IOException e) {
            throw new StartException("the database's password cannot be read: " + e.getMessage(), e);
        }
    }

    /** Ends it in order: connections are cut, what was committed is on disk. */
    @Override
    public void close() {
        stopping = true;
        try {
            stopNow();
        } catch (IOException e) {
            LOG.warn("PostgreSQL could not be stopped; the next start will", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Path data() {
        return dir.resolve("data");
    }

    private Path passwordFile() {
        return dir.resolve("password");
    }

    private Path pidFile() {
        return data().resolve("postmaster.pid");
    }

    /** Beside and renamed: a half-made database never has the name of one. */
    private void initialize() throws IOException, InterruptedException {
        if (Files.isDirectory(data())) {
            return;
        }
        LOG.info("making a new database in {}", data());
        var fresh = dir.resolve("data-new");
        run(List.of("rm", "-rf", fresh.toString()), "");
        writeOwn(passwordFile(), newPassword());
        run(
                binaries.command(
                        "initdb",
                        "--pgdata=" + fresh,
                        "--username=" + NAME,
                        "--pwfile=" + passwordFile(),
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale-provider=builtin",
                        "--locale=C.UTF-8",
                        "--lc-messages=C"),
                "");
        Files.writeString(fresh.resolve("pg_hba.conf"), ON_LOOPBACK);
        run(
                binaries.command("postgres", "--single", "-D", fresh.toString(), "postgres"),
                "CREATE DATABASE " + NAME + "\n");
        Files.move(fresh, data(), StandardCopyOption.ATOMIC_MOVE);
    }

    private Process launch() throws IOException, InterruptedException {
        var log = dir.resolve("postgres.log");
        if (Files.exists(log) && Files.size(log) > LOG_LIMIT) {
            Files.move(log, dir.resolve("postgres.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        var process = new ProcessBuilder(binaries.command(
                        "postgres",
                        "-D",
                        data().toString(),
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        "port=" + port,
                        "-c",
                        "unix_socket_directories=",
                        "-c",
                        "log_line_prefix=%m [%p] "))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        awaitReady(process, log);
        LOG.info("PostgreSQL is up on 127.0.0.1:{}", port);
        return process;
    }

    /** PostgreSQL itself writes into its pid file when it takes connections; its own tools wait for that line too. */
    private void awaitReady(Process process, Path log) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        try {
            while (!saysReady()) {
                if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException("its last words: " + lastLine(log) + " (more in " + log + ")");
                }
            }
        } catch (IOException | InterruptedException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private boolean saysReady() throws IOException {
        return pidLines()
                .map(lines -> lines.size() > 7 && lines.get(7).strip().equals("ready"))
                .orElse(false);
    }

    private void watch(Process first) {
        var process = Optional.of(first);
        try {
            while (process.isPresent()) {
                process.get().waitFor();
                process = startAgain();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tries until it runs, with growing pauses; nothing when the node is stopping. */
    private Optional<Process> startAgain() throws InterruptedException {
        for (var pause = FIRST_PAUSE; !stopping; pause = longer(pause)) {
            LOG.warn("PostgreSQL ended by itself; starting it again in {} ms", pause.toMillis());
            LockSupport.parkNanos(pause.toNanos());
            try {
                return launchUnlessStopping();
            } catch (IOException e) {
                LOG.error("PostgreSQL did not start again: {}", e.getMessage());
            }
        }
        return Optional.empty();
    }

    private synchronized Optional<Process> launchUnlessStopping() throws IOException, InterruptedException {
        if (stopping) {
            return Optional.empty();
        }
        stopLeftBehind();
        return Optional.of(launch());
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }

    /** A pid file names a process: stop it if it is really this database's, forget it if the number is another's by now. */
    private void stopLeftBehind() throws IOException, InterruptedException {
        var lines = pidLines();
        if (lines.isEmpty()) {
            return;
        }
        if (isOurs(lines.get().getFirst().strip())) {
            LOG.info("stopping the PostgreSQL that an earlier run left behind");
            stop();
        }
        Files.deleteIfExists(pidFile());
    }

    private boolean isOurs(String pid) {
        var cwd = Path.of("/proc", pid, "cwd");
        try {
            return Files.readSymbolicLink(cwd).equals(data().toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    private synchronized void stopNow() throws IOException, InterruptedException {
        if (Files.exists(pidFile())) {
            stop();
        }
    }

    private void stop() throws IOException, InterruptedException {
        run(binaries.command("pg_ctl", "stop", "--pgdata=" + data(), "--mode=fast", "--wait", "--timeout=8"), "");
    }

    private Optional<List<String>> pidLines() throws IOException {
        if (!Files.exists(pidFile())) {
            return Optional.empty();
        }
        return Optional.of(Files.readAllLines(pidFile())).filter(lines -> !lines.isEmpty());
    }

    private static void run(List<String> command, String input) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output.strip());
        }
    }

    private static void createOwn(Path dir) throws IOException {
        Files.createDirectories(dir);
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
    }

    private static void writeOwn(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text + "\n");
    }

    private static String newPassword() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String lastLine(Path log) throws IOException {
        var lines = Files.exists(log) ? Files.readAllLines(log) : List.<String>of();
        return lines.isEmpty() ? "none" : lines.getLast();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
