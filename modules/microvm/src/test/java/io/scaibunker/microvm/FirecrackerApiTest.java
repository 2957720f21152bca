package io.scaibunker.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that says what no Firecracker should. */
@Timeout(30)
class FirecrackerApiTest {
    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private FirecrackerApi api;

    @BeforeEach
    void serve() {
        var socket = directory.resolve("api.sock");
        vertx.createHttpServer()
                .requestHandler(FirecrackerApiTest::answer)
                .listen(SocketAddress.domainSocketAddress(socket.toString()))
                .await();
        api = new FirecrackerApi(vertx, socket);
    }

    @AfterEach
    void end() {
        api.close();
        vertx.close().await();
    }

    private static void answer(HttpServerRequest request) {
        var response = request.response();
        switch (request.path()) {
            case "/" -> response.end("{\"state\":\"Paused\"}");
            case "/flood" -> response.end("x".repeat(1 << 20));
            case "/garbage" -> response.setStatusCode(400).end("<html>");
            case "/cut" -> request.connection().close();
            default -> response.setStatusCode(400).end("{\"fault_message\":\"no\"}");
        }
    }

    private void put(String path) throws Exception {
        api.put(new FirecrackerCalls.Call(path, Map.of()));
    }

    @Test
    void whateverItSaysIsBoundedAndItIsAskedAgain() throws Exception {
        assertThatThrownBy(() -> put("/flood")).hasMessageContaining("more than 65536 bytes");
        assertThatThrownBy(() -> put("/garbage")).hasMessageContaining("400, and no reason");
        assertThatThrownBy(() -> put("/cut")).hasMessageContaining("PUT /cut");
        assertThatThrownBy(() -> put("/other")).hasMessageContaining("PUT /other: 400, no");
        assertThat(api.state()).isEqualTo("Paused");
    }
}
