package io.scaibunker.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** A registry of one image, which can be slow or break off. */
final class TestRegistry implements AutoCloseable {
    private static final String TYPE = "application/vnd.oci.image.";

    private final Map<String, byte[]> contents = new HashMap<>();
    private final List<String> layers = new ArrayList<>();
    /** The layers that were asked for, by their place. */
    final List<Integer> asked = new CopyOnWriteArrayList<>();
    /** From this layer on the link is cut in the middle, each time. */
    volatile int cutFrom = Integer.MAX_VALUE;
    /** The uppermost layer comes only when this is open. */
    final CountDownLatch uppermost = new CountDownLatch(1);

    private final HttpServer server;

    TestRegistry(TarBuilder... tars) throws IOException {
        var diffIds = new ArrayList<String>();
        var descriptors = new ArrayList<String>();
        for (var tar : tars) {
            var stored = TarBuilder.gzip(tar.bytes());
            diffIds.add("\"" + digest(tar.bytes()) + "\"");
            descriptors.add(blob("layer.v1.tar+gzip", stored));
            layers.add(digest(stored));
        }
        var config = blob("config.v1+json", text("""
                {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}""".formatted(String.join(",", diffIds))));
        var manifest = text("""
                {"schemaVersion":2,"mediaType":"%smanifest.v1+json","config":%s,"layers":[%s]}""".formatted(TYPE, config, String.join(",", descriptors)));
        contents.put("1", manifest);
        contents.put(digest(manifest), manifest);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** What the registry calls the image. */
    String reference() {
        return host() + "/some/image:1";
    }

    private String blob(String type, byte[] bytes) {
        contents.put(digest(bytes), bytes);
        return "{\"mediaType\":\"%s%s\",\"digest\":\"%s\",\"size\":%d}"
                .formatted(TYPE, type, digest(bytes), bytes.length);
    }

    private void answer(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        var name = path.substring(path.lastIndexOf('/') + 1);
        var bytes = contents.get(name);
        try (exchange) {
            if (bytes == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            if (path.contains("/manifests/")) {
                exchange.getResponseHeaders().set("Content-Type", TYPE + "manifest.v1+json");
            }
            var layer = layers.indexOf(name);
            if (layer >= 0) {
                asked.add(layer);
            }
            if (layer == layers.size() - 1) {
                uppermost.await();
            }
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, layer >= cutFrom ? bytes.length / 2 : bytes.length);
            exchange.getResponseBody().flush();
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(byte[] bytes) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }

    @Override
    public void close() {
        uppermost.countDown();
        server.stop(0);
    }
}
