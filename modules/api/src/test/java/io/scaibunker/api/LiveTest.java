package io.scaibunker.api;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What flows over HTTP while it lasts: files, commands that are told as they run, terminals. */
class LiveTest {
    private static RunningApi api;
    private static World world;
    private static String at;

    @BeforeAll
    static void start() {
        api = new RunningApi(Map.of("api.output-limit", "2KiB"));
        api.startScheduler();
        world = new World(api);
        at = RunningApi.BASE + "/bunkers/" + world.bunker;
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static HttpClientResponse send(HttpMethod method, String path, Map<String, String> headers, Buffer body) {
        return RunningApi.get(api.vertx
                .createHttpClient()
                .request(new RequestOptions()
                        .setMethod(method)
                        .setHost("127.0.0.1")
                        .setPort(api.verticle.port())
                        .setURI(path))
                .compose(request -> {
                    request.putHeader("Authorization", "Bearer " + api.superKey);
                    headers.forEach(request::putHeader);
                    return request.send(body);
                })
                .compose(response -> {
                    response.pause();
                    return io.vertx.core.Future.succeededFuture(response);
                }));
    }

    private static String body(HttpClientResponse response) {
        var body = response.body();
        response.resume();
        return RunningApi.get(body).toString();
    }

    @Test
    void aFileOfAnySizePassesWhole() {
        byte[] bytes = new byte[9_000_000];
        new Random(3).nextBytes(bytes);
        HttpClientResponse put = send(HttpMethod.PUT, at + "/files?path=/big%20file", Map.of(), Buffer.buffer(bytes));
        assertThat(put.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(body(put)).getJsonObject("data"))
                .isEqualTo(new JsonObject().put("path", "/big file").put("size", 9_000_000));

        HttpClientResponse got = send(HttpMethod.GET, at + "/files?path=/big%20file", Map.of(), Buffer.buffer());
        assertThat(got.getHeader("Content-Length")).isEqualTo("9000000");
        assertThat(got.getHeader("Content-Type")).isEqualTo("application/octet-stream");
        assertThat(got.getHeader("X-Request-Id")).isNotEmpty();
        var whole = got.body();
        got.resume();
        assertThat(RunningApi.get(whole).getBytes()).isEqualTo(bytes);
    }

    @Test
    void whatIsNotThereOrCannotBeIsToldLikeAnyOtherRefusal() {
        assertThat(api.get(at + "/files?path=/none", api.superKey).code()).isEqualTo("FILE_NOT_FOUND");
        assertThat(api.get(at + "/files?path=none", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
        assertThat(api.get(at + "/files", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
        assertThat(api.get(at + "/files?path=/a%00b", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
        assertThat(api.delete(at + "/files?path=/none", api.superKey).code()).isEqualTo("FILE_NOT_FOUND");
        assertThat(api.get(at + "/shell", api.superKey).code()).isEqualTo("VALIDATION_ERROR");
    }

    @Test
    void onlyWhoMayBeRootActsAsRoot() {
        String home = api.get("/v1/tenants", api.superKey)
                .json()
                .getJsonArray("data")
                .getJsonObject(0)
                .getString("id");
        String user = api.key(home, "tenant_user");
        String own = api.post(RunningApi.BASE + "/bunkers", user, new JsonObject().put("image", world.image))
                .data()
                .getString("id");
        api.rows.execute("UPDATE bunkers SET status = 'running', started_at = now() WHERE status = 'pending'");
        for (String path :
                List.of("/files?path=/x&user=root", "/files?path=/x&user=0:0", "/files/list?path=/&user=00")) {
            assertThat(api.get(RunningApi.BASE + "/bunkers/" + own + path, user).code())
                    .as(path)
                    .isEqualTo("AUTHZ_PERMISSION_DENIED");
        }
        assertThat(api.get(RunningApi.BASE + "/bunkers/" + own + "/files/list?path=/", user)
                        .status())
                .isEqualTo(200);
    }

    /** All that comes over one connection that would be used again, until the other side closes it. */
    private static String untilClosed(String path) throws Exception {
        try (var socket = new Socket("127.0.0.1", api.verticle.port())) {
            socket.setSoTimeout(10_000);
            String request = "GET " + at + "/files?path=" + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
                    + api.superKey + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aBunkerThatLiesAboutAFileEndsThatAnswerAndBeginsNone() throws Exception {
        FakeBunker.lies("/lies/more", "f 600 0 0 5 1700000000 \0", "there", "HTTP/1.1 200 OK\r\n\r\nsmuggled");
        assertThat(untilClosed("/lies/more")).doesNotContain("smuggled");
        FakeBunker.lies("/lies/at-once", "f 600 0 0 5 1700000000 \0there, and smuggled");
        assertThat(untilClosed("/lies/at-once")).doesNotContain("smuggled");
        FakeBunker.lies("/lies/less", "f 600 0 0 10 1700000000 \0", "there");
        assertThat(untilClosed("/lies/less")).doesNotEndWith("\r\n\r\n0\r\n\r\n");
    }

    @Test
    void aBunkerThatTellsNoFileIsHeardOnlySoFar() {
        FakeBunker.lies("/lies/form", "what is this\0", "content");
        FakeBunker.lies("/lies/head", "x".repeat(200), "x".repeat(200), "x".repeat(1 << 20));
        FakeBunker.lies("/lies/silence");
        for (String path : List.of("/lies/form", "/lies/head", "/lies/silence")) {
            assertThat(api.get(at + "/files?path=" + path, api.superKey).code())
                    .as(path)
                    .isEqualTo("FILE_CONFLICT");
        }
    }

    @Test
    void aNameMayHoldAnythingAndAListingEnds() {
        FakeBunker.lies("/odd", "f 644 0 0 3 1700000000 two\nlines\0f 644 0 0 3 1700000000 \n\0");
        JsonObject odd = api.get(at + "/files/list?path=/odd", api.superKey).data();
        assertThat(odd.getJsonArray("entries").stream().map(entry -> ((JsonObject) entry).getString("name")))
                .containsExactly("\n", "two\nlines");
        FakeBunker.lies("/empty");
        assertThat(api.get(at + "/files/list?path=/empty", api.superKey).data().getJsonArray("entries"))
                .isEmpty();
        FakeBunker.lies("/crowd", "f 644 0 0 3 1700000000 a\0".repeat(10_001));
        JsonObject crowd = api.get(at + "/files/list?path=/crowd", api.superKey).data();
        assertThat(crowd.getJsonArray("entries")).hasSize(10_000);
        assertThat(crowd.getBoolean("truncated")).isTrue();
        FakeBunker.lies("/zeros", "\0f 644 0 0 3 1700000000 a\0");
        assertThat(api.get(at + "/files/list?path=/zeros", api.superKey).code()).isEqualTo("FILE_CONFLICT");
    }

    @Test
    void outputBeyondTheLimitIsCutAndSaidToBe() {
        JsonObject wish = new JsonObject().put("command", List.of("echo"));
        JsonObject whole = api.post(at + "/exec", api.superKey, wish.copy().put("stdin", "x".repeat(1000)))
                .data();
        assertThat(whole.getBoolean("stdout_truncated")).isFalse();
        JsonObject cut = api.post(at + "/exec", api.superKey, wish.copy().put("stdin", "x".repeat(3000)))
                .data();
        assertThat(cut.getString("stdout")).hasSize(2048);
        assertThat(cut.getBoolean("stdout_truncated")).isTrue();
        assertThat(cut.getBoolean("stderr_truncated")).isFalse();
    }

    @Test
    void aDirectoryIsToldInTheOrderOfNames() {
        JsonObject listed = api.get(at + "/files/list?path=/", api.superKey).data();
        assertThat(listed.getBoolean("truncated")).isFalse();
        assertThat(listed.getJsonArray("entries").getJsonObject(0))
                .isEqualTo(new JsonObject()
                        .put("name", "a")
                        .put("kind", "directory")
                        .put("mode", "755")
                        .put("uid", 1)
                        .put("gid", 2)
                        .put("size", 4096)
                        .put("modified_at", "2023-11-14T22:13:20Z"));
        assertThat(api.get(at + "/logs", api.superKey).data().getString("console"))
                .isEqualTo("Linux\n");
    }

    @Test
    void aCommandIsToldAsItRuns() {
        HttpClientResponse told = send(
                HttpMethod.POST,
                at + "/exec",
                Map.of("Accept", "text/event-stream", "Content-Type", "application/json"),
                new JsonObject().put("command", List.of("say", "héllo")).toBuffer());
        assertThat(told.getHeader("Content-Type")).isEqualTo("text/event-stream");
        assertThat(body(told))
                .contains("event: stdout\ndata: {\"text\":\"say héllo\"}\n\n")
                .contains("event: stderr\ndata: {\"text\":\"as \"}\n\n")
                .contains(
                        "event: exit\ndata: {\"exit_code\":0,\"signal\":null,\"timed_out\":false,\"duration_ms\":5}\n\n");
    }

    @Test
    void aCallerThatGoesAwayEndsItsCommand() {
        for (String accept : List.of("text/event-stream", "application/json")) {
            int before = FakeBunker.CANCELLED.get();
            var client = api.vertx.createHttpClient();
            var waiting = client.request(HttpMethod.POST, api.verticle.port(), "127.0.0.1", at + "/exec")
                    .compose(request -> {
                        request.putHeader("Authorization", "Bearer " + api.superKey)
                                .putHeader("Accept", accept)
                                .putHeader("Content-Type", "application/json");
                        var sent = request.send(
                                new JsonObject().put("command", List.of("wait")).toBuffer());
                        api.vertx.setTimer(300, late -> request.connection().close());
                        return sent;
                    });
            waiting.onComplete(ended -> client.close());
            eventually(() -> assertThat(FakeBunker.CANCELLED).as(accept).hasValue(before + 1));
        }
    }

    private static WebSocket shell(String query, Optional<String> header, List<String> protocols) {
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(api.verticle.port())
                .setURI(at + "/shell" + query)
                .setSubProtocols(protocols);
        header.ifPresent(key -> options.addHeader("Authorization", "Bearer " + key));
        return RunningApi.get(api.vertx.createWebSocketClient().connect(options));
    }

    @Test
    void aTerminalCarriesBytesAndSizes() {
        List<String> said = new CopyOnWriteArrayList<>();
        WebSocket socket = shell("?program=echo&cols=100", Optional.of(api.superKey), List.of());
        socket.binaryMessageHandler(bytes -> said.add(bytes.toString()));
        socket.writeBinaryMessage(Buffer.buffer("typed"));
        socket.writeTextMessage("{\"resize\":{\"cols\":132,\"rows\":50}}");
        eventually(() -> assertThat(said).containsExactly("typed", "132x50"));

        int before = FakeBunker.CANCELLED.get();
        RunningApi.get(socket.close());
        eventually(() -> assertThat(FakeBunker.CANCELLED).hasValue(before + 1));
    }

    @Test
    void aKeyThatIsRevokedEndsTheTerminalThatItOpened() {
        JsonObject key = api.post("/v1/api-keys", api.superKey, new JsonObject().put("name", "terminal"))
                .data();
        WebSocket socket = shell("?program=echo", Optional.of(key.getString("key")), List.of());
        assertThat(api.delete("/v1/api-keys/" + key.getString("id"), api.superKey)
                        .status())
                .isEqualTo(200);
        eventually(() -> {
            assertThat(socket.closeStatusCode()).isEqualTo((short) 1011);
            assertThat(socket.closeReason()).startsWith("AUTH_TOKEN_INVALID");
        });
    }

    @Test
    void aBrowserSaysItsKeyAsAProtocolAndNonsenseClosesTheTerminal() {
        WebSocket socket = shell("?program=echo", Optional.empty(), List.of("scaibunker", "bearer." + api.superKey));
        assertThat(socket.subProtocol()).isEqualTo("scaibunker");
        socket.writeTextMessage("{\"resize\":{\"cols\":0,\"rows\":50}}");
        eventually(() -> assertThat(socket.closeStatusCode()).isEqualTo((short) 1003));

        Assertions.assertThatThrownBy(() -> shell("", Optional.of("sgk_" + "x".repeat(43)), List.of()))
                .isInstanceOf(UpgradeRejectedException.class);
    }
}
