package io.scaibunker.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Says over HTTP what a test has it say, and keeps what it was asked. */
final class SmallPlatform implements AutoCloseable {
    private static final String MODULE = "/v1/modules/scaibunker";

    /** Of one request; the exchange is closed after it. */
    interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;

    SmallPlatform() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
    }

    /** @param place below the module's */
    SmallPlatform at(String place, Answer answer) {
        server.createContext(MODULE + place, exchange -> {
            asked.add(exchange.getRequestMethod() + " "
                    + exchange.getRequestURI().toString().substring(MODULE.length()));
            try (exchange) {
                answer.to(exchange);
            }
        });
        return this;
    }

    /** Data in the usual envelope, by what was asked for. */
    SmallPlatform data(String place, Function<HttpExchange, String> data) {
        return at(place, exchange -> {
            exchange.getRequestBody().readAllBytes();
            var said = ("{\"status\":\"ok\",\"data\":" + data.apply(exchange) + ",\"next_cursor\":null}")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, said.length);
            exchange.getResponseBody().write(said);
        });
    }

    static void say(HttpExchange exchange, String text) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.sendResponseHeaders(200, 0);
        more(exchange, text);
    }

    static void more(HttpExchange exchange, String text) throws IOException {
        exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
    }

    List<String> asked() {
        return asked;
    }

    Map<String, String> environment() {
        return Map.of(
                "SCAIBUNKER_URL",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "SCAIBUNKER_KEY",
                "sgk_of_a_test");
    }

    Program.Ended run(Object... arguments) {
        return Program.run(environment(), java.io.InputStream.nullInputStream(), arguments);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
