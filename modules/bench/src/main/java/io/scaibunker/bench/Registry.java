package io.scaibunker.bench;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A real registry (docker-registry) on loopback, which writes down what it gives. */
final class Registry implements AutoCloseable {
    private static final Pattern BLOB = Pattern.compile("\"GET /v2/\\S+/blobs/sha256:\\S+ HTTP/1.1\" 20[06] (\\d+)");

    private final Process process;
    private final Path log;
    private final int port;

    private Registry(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    static Registry start(Path directory) throws IOException {
        Files.createDirectories(directory);
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Path config =
                Files.writeString(directory.resolve("config.yml"), """
                version: 0.1
                log: {level: error, accesslog: {disabled: false}}
                storage: {filesystem: {rootdirectory: "%s"}}
                http: {addr: "127.0.0.1:%d"}
                """.formatted(directory.resolve("data"), port));
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Registry(process, log, port);
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    /** Brings an OCI layout's image here; tries again until the registry listens. */
    void push(Path layout, String name) throws IOException, InterruptedException {
        List<String> command = List.of(
                "skopeo",
                "copy",
                "--quiet",
                "--retry-times=5",
                "--dest-tls-verify=false",
                "oci:" + layout + ":latest",
                "docker://" + host() + "/" + name);
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("failed: " + String.join(" ", command));
        }
    }

    /** Bytes of blobs that it has given to anybody since it was started. */
    long givenBytes() throws IOException {
        return BLOB.matcher(Files.readString(log))
                .results()
                .mapToLong(given -> Long.parseLong(given.group(1)))
                .sum();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
