package io.scaibunker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.console.Pages;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PageDoorTest {
    private static RunningApi api;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        api = new RunningApi();
    }

    @AfterAll
    static void stop() {
        CLIENT.close();
        api.close();
    }

    @Test
    void pagesNeedNoKeyAndCarryTheirPolicy() throws Exception {
        for (String path : new String[] {"/console", "/console/images/debian", "/console/assets/app.js", "/docs"}) {
            var page = get(path);
            assertThat(page.statusCode()).as(path).isEqualTo(200);
            Pages.HEADERS.forEach((name, value) ->
                    assertThat(page.headers().firstValue(name)).as(name).contains(value));
            assertThat(page.headers().firstValue("X-Request-Id")).isPresent();
        }
        assertThat(Pages.HEADERS.get("Content-Security-Policy"))
                .startsWith("default-src 'none';")
                .contains("script-src 'self';", "style-src 'self';", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
    }

    @Test
    void whatABrowserHasItIsNotSentAgain() throws Exception {
        String tag = get("/console").headers().firstValue("ETag").orElseThrow();
        assertThat(get("/console", "If-None-Match", tag).statusCode()).isEqualTo(304);
        assertThat(get("/console", "If-None-Match", "\"old\", W/" + tag).statusCode())
                .isEqualTo(304);
        assertThat(get("/console", "If-None-Match", "\"old\"").statusCode()).isEqualTo(200);
    }

    @Test
    void packedForThoseWhoUnpack() throws Exception {
        var plain = get("/console/assets/app.js");
        var packed = get("/console/assets/app.js", "Accept-Encoding", "br, gzip;q=0.9");
        assertThat(plain.headers().firstValue("Content-Encoding")).isEmpty();
        assertThat(packed.headers().firstValue("Content-Encoding")).contains("gzip");
        assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes())
                .isEqualTo(plain.body());
    }

    @Test
    void whatIsNoPageIsAnsweredAsEverywhere() throws Exception {
        var gone = get("/console/assets/gone.js");
        assertThat(gone.statusCode()).isEqualTo(404);
        assertThat(new String(gone.body(), StandardCharsets.UTF_8)).contains("ROUTE_NOT_FOUND");
        assertThat(get("/console/assets/..%2f..%2fopenapi.yaml").statusCode()).isEqualTo(404);
        assertThat(api.status("POST", "/console", "")).isEqualTo(404);
        assertThat(api.status("HEAD", "/console", "")).isEqualTo(200);
    }

    private static HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.verticle.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
}
