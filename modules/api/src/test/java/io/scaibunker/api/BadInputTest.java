package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.api.RunningApi.Answered;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
        api.worker("w");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static void refused(Answered answered, String field, String... words) {
        assertThat(answered.code()).as(answered.json().encode()).isEqualTo("VALIDATION_ERROR");
        assertThat(answered.status()).isEqualTo(422);
        JsonObject detail =
                answered.json().getJsonObject("error").getJsonArray("details").getJsonObject(0);
        assertThat(detail.getString("field")).isEqualTo(field);
        assertThat(detail.getString("message")).contains(words).hasSizeLessThan(600);
        assertThat(api.rows.rows("SELECT 1 FROM images WHERE name NOT LIKE 'good%'"))
                .isEmpty();
    }

    private static Answered register(JsonObject image) {
        return api.post(BASE + "/images", api.superKey, image);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a b", "A", "", "-a", "ä", "a\nb"})
    void aNameOfAnotherFormIsNamedAndRefused(String name) {
        refused(register(RunningApi.image("good").put("name", name)), "name", "value: ", "[a-z0-9]");
    }

    @Test
    void aNameOfAThousandLettersIsRefusedAndNotRepeatedWhole() {
        refused(register(RunningApi.image("good").put("name", "a".repeat(1000))), "name", "aaa…");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 7, 1048577, 1L << 40, Long.MAX_VALUE})
    void aSizeBeyondTheBoundsIsNamedWithTheBounds(long size) {
        refused(register(RunningApi.image("good").put("size_mib", size)), "size_mib", "value: " + size, "8 to 1048576");
    }

    @Test
    void wrongTypesAreToldFieldByField() {
        Answered answered = register(new JsonObject()
                .put("name", 7)
                .put("build_source", "x")
                .put("size_mib", "big")
                .put("lazy_pull", 1));

        assertThat(answered.json().getJsonObject("error").getJsonArray("details").stream()
                        .map(detail -> ((JsonObject) detail).getString("field")))
                .containsExactlyInAnyOrder("name", "build_source", "size_mib", "lazy_pull");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e30", "64.5", "1180591620717411303424", "-1e400", "\"64\"", "null", "true"})
    void aNumberOfAnotherKindIsRefused(String size) {
        String body = RunningApi.image("bad").put("size_mib", 4242).encode().replace("4242", size);
        refused(
                api.call("POST", BASE + "/images", api.superKey, Optional.of(body), Map.of()),
                "size_mib",
                "8 to 1048576");
    }

    @Test
    void theCharacterThatNoTableTakesIsRefusedWhereverItStands() {
        JsonObject labels = new JsonObject().put("a", "b\u0000");
        refused(register(RunningApi.image("bad").put("description", "a\u0000")), "description", "U+0000");
        refused(register(RunningApi.image("bad").put("labels", labels)), "labels", "U+0000");
        refused(api.get(BASE + "/images?name=%00", api.superKey), "name", "U+0000");
        refused(api.get(BASE + "/images/a%00b", api.superKey), "id", "U+0000");
    }

    @Test
    void whatIsMissingIsNamed() {
        Answered answered = register(new JsonObject().put("name", "good"));

        assertThat(answered.json().getJsonObject("error").getJsonArray("details").stream()
                        .map(detail -> ((JsonObject) detail).getString("field")))
                .containsExactlyInAnyOrder("build_source", "size_mib");
    }

    @Test
    void aFieldThatNobodyKnowsIsRefusedWithThoseThereAre() {
        refused(register(RunningApi.image("good").put("size_mb", 5)), "size_mb", "no such field", "size_mib");
    }

    @Test
    void aSourceOfBothKindsIsRefused() {
        JsonObject both = new JsonObject().put("kind", "oci").put("ref", "a").put("path", "/a");
        refused(register(RunningApi.image("good").put("build_source", both)), "build_source", "kind: oci", "kind: tar");
    }

    @Test
    void aTarPathThatClimbsIsRefused() {
        JsonObject source = new JsonObject().put("kind", "tar").put("path", "/srv/../etc/shadow");
        refused(register(RunningApi.image("good").put("build_source", source)), "build_source.path", "..");
    }

    @Test
    void aQueryParameterThatNobodyKnowsIsRefused() {
        refused(api.get(BASE + "/images?statsu=active", api.superKey), "statsu", "status");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"limit=0", "limit=1001", "limit=x", "limit=1.5", "cursor=%21", "cursor=AAAA", "status=dead"})
    void aQueryParameterOutOfBoundsIsRefused(String query) {
        refused(api.get(BASE + "/images?" + query, api.superKey), query.substring(0, query.indexOf('=')), "expected: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "1", "null", "\"a\"", "{\"a\":}", "{\"a\":1} x{", "\u0000"})
    void whatIsNoJsonObjectIsRefused(String body) {
        refused(api.call("POST", BASE + "/images", api.superKey, Optional.of(body), Map.of()), "body", "not");
    }

    @Test
    void deepJsonIsRefused() {
        String deep = "{\"labels\":" + "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000) + "}";
        refused(api.call("POST", BASE + "/images", api.superKey, Optional.of(deep), Map.of()), "body", "deeper");
    }

    @Test
    void bracketsWithinTextAreNotDepth() {
        Answered answered = register(RunningApi.image("good-brackets").put("description", "[\\\"{".repeat(500)));

        assertThat(answered.status()).as(answered.json().encode()).isEqualTo(201);
    }

    @Test
    void tenMegabytesOfJsonAreRefusedAndTheConnectionSurvivesIt() {
        String large = RunningApi.image("good")
                .put("description", "x".repeat(10_000_000))
                .encode();
        refused(api.call("POST", BASE + "/images", api.superKey, Optional.of(large), Map.of()), "body", "too large");
        assertThat(api.get("/health", "").status()).isEqualTo(200);
    }

    @Test
    void unknownRoutesAndMethodsAreTyped() {
        for (String path : new String[] {"/", "/nothing", BASE, BASE + "/images/a/b/c", "/v1/tenants/../images"}) {
            Answered answered = api.get(path, api.superKey);
            assertThat(answered.code()).as(path).isEqualTo("ROUTE_NOT_FOUND");
            assertThat(answered.status()).isEqualTo(404);
        }
        assertThat(api.call("PATCH", BASE + "/images", api.superKey, Optional.empty(), Map.of())
                        .code())
                .isEqualTo("ROUTE_NOT_FOUND");
    }

    @Test
    void whatIsNoHttpGetsATypedAnswer() throws IOException {
        String tooLong = "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n";
        assertThat(raw(tooLong)).contains("VALIDATION_ERROR").contains("422");
        assertThat(raw("GET /v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .containsAnyOf("VALIDATION_ERROR", "ROUTE_NOT_FOUND");
    }

    @Test
    void aBodyThatDoesNotComeIsAnsweredAndItsConnectionClosed() throws IOException {
        try (RunningApi hasty = new RunningApi(Map.of("api.body-timeout", "1s"));
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), hasty.verticle.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("POST " + BASE + "/images HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("422", "did not arrive whole");
        }
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.verticle.port())) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void theCallersRequestIdIsKeptIfItIsSane() {
        Map<String, String> sane = Map.of("X-Request-Id", "mine_1");
        assertThat(api.call("GET", "/health", "", Optional.empty(), sane)
                        .json()
                        .getJsonObject("meta")
                        .getString("request_id"))
                .isEqualTo("mine_1");
        Map<String, String> odd = Map.of("X-Request-Id", "a b;c");
        assertThat(api.call("GET", "/health", "", Optional.empty(), odd)
                        .json()
                        .getJsonObject("meta")
                        .getString("request_id"))
                .startsWith("req_");
    }

    @Test
    void aBunkerOfNoUsableImageIsRefused() {
        String foreign = api.key(api.tenant("other", "other"), "tenant_admin");
        String image = api.register("good-theirs", foreign);
        String own = api.register("good-mine", api.superKey);
        api.delete(BASE + "/images/" + own, api.superKey);
        String stranger = api.key(api.tenant("third", "third"), "tenant_user");

        assertThat(bunker(stranger, image).code()).isEqualTo("IMAGE_NOT_FOUND");
        assertThat(bunker(stranger, "good-theirs").code()).isEqualTo("IMAGE_NOT_FOUND");
        assertThat(bunker(stranger, "img_00000000000000000000000000000000").code())
                .isEqualTo("IMAGE_NOT_FOUND");
        assertThat(bunker(api.superKey, "good-mine").code()).isEqualTo("IMAGE_DEACTIVATED");
        assertThat(bunker(api.superKey, own).status()).isEqualTo(409);
        assertThat(api.rows.rows("SELECT 1 FROM bunkers")).isEmpty();
    }

    private static Answered bunker(String key, String image) {
        return api.post(BASE + "/bunkers", key, new JsonObject().put("image", image));
    }
}
