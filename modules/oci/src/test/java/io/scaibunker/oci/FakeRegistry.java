package io.scaibunker.oci;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** A registry that can be made to err. Serves one image; single paths can be answered otherwise. */
final class FakeRegistry implements AutoCloseable {
    @FunctionalInterface
    interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    /** What was asked: method and path, and the two headers that matter. */
    record Asked(String path, String authorization, String range) {}

    final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;

    FakeRegistry() {
        this(Optional.empty());
    }

    /** Speaks https if it has something to prove itself with. */
    FakeRegistry(Optional<SSLContext> identity) {
        try {
            var address = new InetSocketAddress("127.0.0.1", 0);
            if (identity.isPresent()) {
                var https = HttpsServer.create(address, 0);
                https.setHttpsConfigurator(new HttpsConfigurator(identity.get()));
                server = https;
            } else {
                server = HttpServer.create(address, 0);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var headers = exchange.getRequestHeaders();
        var path = exchange.getRequestURI().toString();
        asked.add(new Asked(path, headers.getFirst("Authorization"), headers.getFirst("Range")));
        try (exchange) {
            answers.getOrDefault(exchange.getRequestURI().getPath(), status(404, Map.of()))
                    .to(exchange);
        }
    }

    /** Everything of the image, the manifest under this tag and its digest. */
    FakeRegistry serve(String repository, String tag, TestImage image) {
        image.blobs().forEach(blob -> on(blobPath(repository, blob), bytes(blob.bytes())));
        var manifest = manifest(image.manifest());
        on("/v2/" + repository + "/manifests/" + tag, manifest);
        return on("/v2/" + repository + "/manifests/" + image.manifest().digest(), manifest);
    }

    FakeRegistry on(String path, Answer answer) {
        answers.put(path, answer);
        return this;
    }

    Answer given(String path) {
        return answers.get(path);
    }

    static String blobPath(String repository, TestImage.Blob blob) {
        return "/v2/" + repository + "/blobs/" + blob.digest();
    }

    static Answer manifest(TestImage.Blob blob) {
        return exchange -> {
            exchange.getResponseHeaders().set("Content-Type", blob.mediaType());
            bytes(blob.bytes()).to(exchange);
        };
    }

    static Answer bytes(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    static Answer status(int status, Map<String, String> headers) {
        return exchange -> {
            headers.forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(status, -1);
        };
    }

    /** The first times so, afterwards otherwise. */
    static Answer first(int times, Answer early, Answer late) {
        var left = new AtomicInteger(times);
        return exchange -> (left.getAndDecrement() > 0 ? early : late).to(exchange);
    }

    String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    String sameByOtherName() {
        return "localhost:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
