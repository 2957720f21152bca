package io.scaibunker.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many calls share one connection between two members. */
class FleetPassTest {
    private static final FleetPass PASS = FleetPass.of(new Secret("a word"));
    private static final Buffer MUCH = Buffer.buffer(new byte[1 << 20]);

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server = vertx.createHttpServer(PASS.server().setHost("127.0.0.1"))
            .requestHandler(FleetPassTest::serve)
            .listen(0)
            .await();
    private final HttpClient client =
            vertx.createHttpClient(new HttpClientOptions(PASS.client()).setProtocolVersion(HttpVersion.HTTP_2));

    @AfterEach
    void close() {
        vertx.close().await();
    }

    private static void serve(HttpServerRequest request) {
        switch (request.path()) {
            case "/never-reads" -> request.pause();
            case "/flood" -> request.response().end(MUCH);
            default -> request.body().onSuccess(body -> request.response().end(body));
        }
    }

    @Test
    void aCallWhoseInputNobodyTakesHoldsUpNoOther() {
        for (int stalled = 0; stalled < 5; stalled++) {
            request("/never-reads").setChunked(true).write(MUCH);
        }
        assertThat(said("/echo")).isEqualTo("here");
    }

    @Test
    void aCallerThatDoesNotReadHoldsUpNoOther() {
        for (int stalled = 0; stalled < 5; stalled++) {
            HttpClientRequest request = request("/flood");
            request.response().onSuccess(HttpClientResponse::pause);
            request.end();
        }
        assertThat(said("/echo")).isEqualTo("here");
    }

    private HttpClientRequest request(String path) {
        return client.request(HttpMethod.POST, server.actualPort(), "127.0.0.1", path)
                .await();
    }

    private String said(String path) {
        Future<String> answer = request(path)
                .send(Buffer.buffer("here"))
                .compose(HttpClientResponse::body)
                .map(Buffer::toString);
        return answer.timeout(10, TimeUnit.SECONDS).await();
    }
}
