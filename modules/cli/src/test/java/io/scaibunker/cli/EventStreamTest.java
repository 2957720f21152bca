package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventStreamTest {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger lost = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private interface Answer {
        void to(HttpExchange exchange, int connection) throws IOException;
    }

    private EventStream stream(Duration longest, Answer answer) {
        server.createContext("/", exchange -> {
            asked.add(String.valueOf(exchange.getRequestURI().getQuery()));
            try (exchange) {
                answer.to(exchange, asked.size());
            }
        });
        server.start();
        var url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
        return new EventStream(
                new Api(new Context("here", url, "sgk_x"), null),
                Call.get("images", "a", "events"),
                longest,
                lost::incrementAndGet);
    }

    private static void say(HttpExchange exchange, String text) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
    }

    @Test
    void aLostConnectionIsTakenUpBehindTheLastIdAndNothingIsToldTwice() throws Exception {
        var stream = stream(null, (exchange, connection) -> {
            if (connection == 1) {
                say(
                        exchange,
                        "retry: 2000\n\n: beat\n\nid: 7\nevent: cache\ndata: {\"n\":\ndata: 1}\n\nid: 8\nevent: cut");
            } else if (connection == 2) {
                exchange.sendResponseHeaders(503, -1);
            } else {
                say(exchange, "id:9\nevent:cache\ndata:{\"n\":2}\n\n");
            }
        });
        var heard = new ArrayList<String>();
        stream.follow(event -> {
            heard.add(event.id() + " " + event.kind() + " " + event.data());
            return heard.size() == 2;
        });
        assertThat(heard).containsExactly("7 cache {\"n\":1}", "9 cache {\"n\":2}");
        assertThat(asked).containsExactly("null", "last_event_id=7", "last_event_id=7");
        assertThat(lost).hasValue(2);
    }

    @Test
    void whatThePlatformRefusesIsNotTriedAgain() {
        var stream = stream(null, (exchange, connection) -> {
            var said =
                    "{\"error\":{\"code\":\"IMAGE_NOT_FOUND\",\"message\":\"gone\"}}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(404, said.length);
            exchange.getResponseBody().write(said);
        });
        assertThatThrownBy(() -> stream.follow(event -> true)).hasMessageContaining("IMAGE_NOT_FOUND: gone");
        assertThat(asked).hasSize(1);
    }

    @Test
    void whoWaitsOnlySoLongIsNotHeldUpByAConnectionThatSaysNothing() {
        var stream = stream(Duration.ofMillis(300), (exchange, connection) -> {
            say(exchange, ": beat\n\n");
            // Until the other side has gone.
            try {
                while (true) {
                    exchange.getResponseBody().write(':');
                    exchange.getResponseBody().flush();
                }
            } catch (IOException gone) {
                assertThat(gone).isNotNull();
            }
        });
        assertThatThrownBy(() -> stream.follow(event -> true)).isInstanceOf(TimeoutException.class);
    }
}
