package io.scaibunker.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * A real registry (docker-registry) on a free loopback port, in plain http, with or without a password. It writes down what it
 * gives. Plain JDK only.
 */
public final class LocalRegistry implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(20);
    private static final Pattern BLOB = Pattern.compile("\"GET /v2/\\S+/blobs/sha256:\\S+ HTTP/1.1\" 20[06] (\\d+)");

    private final Process process;
    private final Path log;
    private final int port;
    private final Optional<String> userAndPassword;

    private LocalRegistry(Process process, Path log, int port, Optional<String> userAndPassword) {
        this.process = process;
        this.log = log;
        this.port = port;
        this.userAndPassword = userAndPassword;
    }

    /** What must be installed: Debian's docker-registry, skopeo and apache2-utils. Empty if all is there. */
    public static List<String> missingTools() {
        return List.of("docker-registry", "skopeo", "htpasswd").stream()
                .filter(tool -> List.of(System.getenv("PATH").split(":")).stream()
                        .noneMatch(folder -> Files.isExecutable(Path.of(folder, tool))))
                .toList();
    }

    /** Open to all; keeps its blobs below the directory. */
    public static LocalRegistry start(Path directory) {
        return start(directory, Optional.empty());
    }

    /** Lets in one user only, by basic authentication. */
    public static LocalRegistry start(Path directory, String user, String password) {
        return start(directory, Optional.of(user + ":" + password));
    }

    private static LocalRegistry start(Path directory, Optional<String> userAndPassword) {
        try {
            Files.createDirectories(directory);
            var port = Ports.free();
            var log = directory.resolve("registry.log");
            var config = directory.resolve("config.yml");
            Files.writeString(config, config(directory, port, userAndPassword));
            var process = new ProcessBuilder("docker-registry", "serve", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            var registry = new LocalRegistry(process, log, port, userAndPassword);
            registry.awaitAnswer();
            return registry;
        } catch (IOException failed) {
            throw new IllegalStateException("docker-registry did not start", failed);
        }
    }

    private static String config(Path directory, int port, Optional<String> userAndPassword) throws IOException {
        var text = """
                version: 0.1
                log: {level: error, accesslog: {disabled: false}}
                storage: {filesystem: {rootdirectory: "%s"}, delete: {enabled: true}}
                http: {addr: "127.0.0.1:%d"}
                """.formatted(directory.resolve("data"), port);
        if (userAndPassword.isEmpty()) {
            return text;
        }
        var pair = userAndPassword.get().split(":", 2);
        var passwords = directory.resolve("htpasswd");
        run(List.of("htpasswd", "-Bbc", passwords.toString(), pair[0], pair[1]));
        return text + "auth: {htpasswd: {realm: test, path: \"%s\"}}%n".formatted(passwords);
    }

    private void awaitAnswer() {
        var end = System.nanoTime() + START.toNanos();
        while (System.nanoTime() < end && process.isAlive()) {
            try (var client = HttpClient.newHttpClient()) {
                var request = HttpRequest.newBuilder(URI.create("http://" + host() + "/v2/"))
                        .build();
                if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() < 500) {
                    return;
                }
            } catch (IOException _) {
                LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        close();
        throw new IllegalStateException("docker-registry did not answer on " + host());
    }

    public int port() {
        return port;
    }

    /** {@code 127.0.0.1:port}, as references name it. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** Bytes of blobs that it has given to anybody since it was started. */
    public long givenBytes() {
        try {
            return BLOB.matcher(Files.readString(log))
                    .results()
                    .mapToLong(given -> Long.parseLong(given.group(1)))
                    .sum();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Pushes the only image of an OCI layout directory as {@code repository:tag}. */
    public void push(Path layout, String repositoryAndTag) {
        var command = new ArrayList<>(List.of("skopeo", "copy", "-q", "--dest-tls-verify=false"));
        userAndPassword.ifPresent(pair -> command.addAll(List.of("--dest-creds", pair)));
        command.addAll(List.of("oci:" + layout, "docker://" + host() + "/" + repositoryAndTag));
        run(command);
    }

    /** Puts a blob as it is. */
    public void putBlob(String repository, String digest, byte[] bytes) {
        var started =
                send(request("/v2/" + repository + "/blobs/uploads/").POST(HttpRequest.BodyPublishers.noBody()), 202);
        var location = started.headers().firstValue("Location").orElseThrow();
        var separator = location.contains("?") ? "&" : "?";
        send(
                request(location + separator + "digest=" + digest).PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)),
                201);
    }

    /** Puts a manifest as it is, under a tag or digest. */
    public void putManifest(String repository, String tagOrDigest, String mediaType, byte[] bytes) {
        send(
                request("/v2/" + repository + "/manifests/" + tagOrDigest)
                        .header("Content-Type", mediaType)
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)),
                201);
    }

    private HttpRequest.Builder request(String pathOrAddress) {
        var request = HttpRequest.newBuilder(URI.create("http://" + host()).resolve(pathOrAddress));
        userAndPassword.ifPresent(pair -> request.header(
                "Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8))));
        return request;
    }

    private static HttpResponse<String> send(HttpRequest.Builder request, int expected) {
        try (var client = HttpClient.newHttpClient()) {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != expected) {
                throw new IllegalStateException(response + ": " + response.body());
            }
            return response;
        } catch (IOException failed) {
            throw new IllegalStateException("push failed", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("push interrupted", interrupted);
        }
    }

    private static void run(List<String> command) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command.getFirst() + " failed: " + output);
            }
        } catch (IOException failed) {
            throw new IllegalStateException(command.getFirst() + " did not start", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
