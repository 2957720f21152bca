package io.scaibunker.oci;

import static io.scaibunker.oci.FakeRegistry.blobPath;
import static io.scaibunker.oci.FakeRegistry.bytes;
import static io.scaibunker.oci.FakeRegistry.first;
import static io.scaibunker.oci.FakeRegistry.manifest;
import static io.scaibunker.oci.FakeRegistry.status;
import static io.scaibunker.oci.SourceException.Reason.AUTH;
import static io.scaibunker.oci.SourceException.Reason.CORRUPT;
import static io.scaibunker.oci.SourceException.Reason.DISK_FULL;
import static io.scaibunker.oci.SourceException.Reason.RATE_LIMITED;
import static io.scaibunker.oci.SourceException.Reason.TOO_LARGE;
import static io.scaibunker.oci.SourceException.Reason.UNREACHABLE;
import static io.scaibunker.oci.SourceException.Reason.UNSUPPORTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a registry that errs in all the ways a real one will not on demand. */
@Timeout(30)
class HostileRegistryTest {
    private static final Optional<RegistryCredential> ADA =
            Optional.of(new RegistryCredential.Password("ada", "lovelace"));
    private static final String ADA_BASIC =
            "Basic " + Base64.getEncoder().encodeToString(TestImage.text("ada:lovelace"));

    @TempDir
    Path directory;

    private final FakeRegistry registry = new FakeRegistry();
    private final TestImage image = bigImage();
    private final TestImage.Blob blob = image.layers.getFirst();
    private final String blobPath = blobPath("app", blob);
    private final CountDownLatch ended = new CountDownLatch(1);
    private SourceConfig config = SourceConfig.DEFAULTS
            .withInsecureHosts(Set.of("127.0.0.1", "localhost"))
            .withPatience(new SourceConfig.Patience(
                    Duration.ofSeconds(2), Duration.ofMillis(600), 3, Duration.ofMillis(5), Duration.ofSeconds(2)));

    private static TestImage bigImage() {
        var noise = new byte[300_000];
        new Random(7).nextBytes(noise);
        return new TestImage().layer(TestImage.GZIP, TestImage.tar(Map.of("noise", noise)));
    }

    @BeforeEach
    void serve() {
        registry.serve("app", "1", image);
    }

    /** Whatever went wrong, nothing half-made stays. */
    @AfterEach
    void nothingIsLeftBehind() throws IOException {
        ended.countDown();
        registry.close();
        try (var files = Files.list(directory)) {
            assertThat(files.filter(file -> !file.endsWith(blob.digest().hex())))
                    .isEmpty();
        }
    }

    private ImageSource source() {
        return source(registry.host() + "/app:1", Optional.empty());
    }

    private ImageSource source(String reference, Optional<RegistryCredential> credential) {
        return new ImageSources(config).registry(reference, Platform.LINUX_AMD64, credential);
    }

    private ResolvedImage resolve(String reference, Optional<RegistryCredential> credential) {
        try (var source = source(reference, credential)) {
            return source.resolve(ByteProgress.IGNORED);
        }
    }

    private ResolvedImage resolve() {
        return resolve(registry.host() + "/app:1", Optional.empty());
    }

    private Path fetch() {
        try (var source = source()) {
            var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
            return source.fetch(layer, new BlobDir(directory), ByteProgress.IGNORED);
        }
    }

    private long asked(String path) {
        return registry.asked.stream()
                .filter(asked -> asked.path().equals(path))
                .count();
    }

    @Test
    void aShortRateLimitIsWaitedFor() {
        var tag = "/v2/app/manifests/1";
        registry.on(tag, first(1, status(429, Map.of("Retry-After", "1")), registry.given(tag)));
        var start = System.nanoTime();
        assertThat(resolve().digest()).isEqualTo(image.manifest().digest());
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(950), Duration.ofSeconds(5));
    }

    @Test
    void aLongRateLimitIsToldAtOnce() {
        registry.on("/v2/app/manifests/1", status(429, Map.of("Retry-After", "3600")));
        Refused.with(RATE_LIMITED, this::resolve)
                .matches(failure -> failure.retryAfter().equals(Optional.of(Duration.ofHours(1))))
                .matches(SourceException::mayPass);
        assertThat(registry.asked).hasSize(1);
    }

    @Test
    void aRegistryThatFailsIsAskedAgainAndNoMoreThanAllowed() {
        var tag = "/v2/app/manifests/1";
        var good = registry.given(tag);
        registry.on(tag, first(2, status(503, Map.of()), good));
        assertThat(resolve().digest()).isEqualTo(image.manifest().digest());
        registry.on(tag, status(500, Map.of()));
        Refused.with(UNREACHABLE, this::resolve).withMessageContaining("500");
        assertThat(asked(tag)).isEqualTo(6);
    }

    @Test
    void aBrokenBlobGoesOnWhereItBroke() throws IOException {
        var half = blob.bytes().length / 2;
        registry.on(blobPath, exchange -> {
            var range = exchange.getRequestHeaders().getFirst("Range");
            if (range == null) {
                breakOffAfter(exchange, half);
            } else {
                var from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
                var rest = Arrays.copyOfRange(blob.bytes(), from, blob.bytes().length);
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes " + from + "-" + (blob.bytes().length - 1) + "/*");
                exchange.sendResponseHeaders(206, rest.length);
                exchange.getResponseBody().write(rest);
            }
        });
        assertThat(Files.readAllBytes(fetch())).isEqualTo(blob.bytes());
        assertThat(registry.asked.getLast().range()).matches("bytes=[1-9][0-9]*-");
    }

    @Test
    void aBrokenBlobStartsOverWhereTheRegistryKnowsNoRanges() throws IOException {
        registry.on(blobPath, first(2, exchange -> breakOffAfter(exchange, 100_000), bytes(blob.bytes())));
        assertThat(Files.readAllBytes(fetch())).isEqualTo(blob.bytes());
    }

    @Test
    void aBlobThatAlwaysBreaksOffIsCorrupt() {
        registry.on(blobPath, exchange -> breakOffAfter(exchange, 100_000));
        Refused.with(CORRUPT, this::fetch);
        assertThat(asked(blobPath)).isEqualTo(3);
    }

    private void breakOffAfter(HttpExchange exchange, int count) throws IOException {
        exchange.sendResponseHeaders(200, blob.bytes().length);
        exchange.getResponseBody().write(blob.bytes(), 0, count);
        exchange.getResponseBody().flush();
        throw new IOException("the test breaks the connection");
    }

    @Test
    void aTruncatedOrLongBlobIsCorrupt() {
        registry.on(blobPath, bytes(Arrays.copyOf(blob.bytes(), 1000)));
        Refused.with(CORRUPT, this::fetch).withMessageContaining("1000 bytes");
        registry.on(blobPath, bytes(Arrays.copyOf(blob.bytes(), blob.bytes().length + 1)));
        Refused.with(CORRUPT, this::fetch).withMessageContaining(blob.digest().toString());
        registry.on(blobPath, chunked(Arrays.copyOf(blob.bytes(), blob.bytes().length + 1)));
        Refused.with(CORRUPT, this::fetch).withMessageContaining("longer");
        registry.on(blobPath, chunked(Arrays.copyOf(blob.bytes(), 1000)));
        Refused.with(CORRUPT, this::fetch);
    }

    /** A body whose length nobody says beforehand. */
    private static FakeRegistry.Answer chunked(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(bytes);
        };
    }

    @Test
    void aBlobOfOtherBytesIsCorruptUnlessAnotherTryMendsIt() {
        var wrong = blob.bytes().clone();
        wrong[5000] ^= 1;
        registry.on(blobPath, first(1, bytes(wrong), bytes(blob.bytes())));
        assertThat(fetch()).exists();
        assertThat(asked(blobPath)).isEqualTo(2);
        assertThat(directory.resolve(blob.digest().hex()).toFile().delete()).isTrue();
        registry.on(blobPath, bytes(wrong));
        Refused.with(CORRUPT, this::fetch).withMessageContaining("has the content of");
    }

    @Test
    void aManifestThatIsNotWhatItsDigestSaysIsCorrupt() {
        var digest = image.manifest().digest();
        var other = TestImage.ofOneLayer("other").manifest();
        registry.on("/v2/app/manifests/" + digest, manifest(other));
        Refused.with(CORRUPT, () -> resolve(registry.host() + "/app@" + digest, Optional.empty()))
                .withMessageContaining(other.digest().toString());
        registry.on("/v2/app/manifests/1", exchange -> {
            exchange.getResponseHeaders().set("Docker-Content-Digest", digest.toString());
            manifest(other).to(exchange);
        });
        Refused.with(CORRUPT, this::resolve);
    }

    @Test
    void whatIsTooLargeIsNotRead() {
        registry.on("/v2/app/manifests/1", bytes(new byte[10 << 20]));
        Refused.with(TOO_LARGE, this::resolve).withMessageContaining("" + Manifest.MOST_BYTES);
        config = config.withMaxImageBytes(1000);
        registry.serve("app", "1", image);
        Refused.with(TOO_LARGE, this::resolve);
        var many = new TestImage();
        var tar = TestImage.tar(Map.of());
        for (var count = 0; count < 513; count++) {
            many.layer(MediaTypes.TAR, tar);
        }
        registry.serve("app", "1", many);
        Refused.with(TOO_LARGE, this::resolve).withMessageContaining("513 layers");
    }

    @Test
    void whatCannotBeBakedIsNamed() {
        var schema1 = new TestImage.Blob(
                "application/vnd.docker.distribution.manifest.v1+prettyjws", TestImage.text("{\"schemaVersion\":1}"));
        var foreign = layered("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        var wasm = layered("application/wasm");
        var both = new TestImage.Blob(
                MediaTypes.OCI_MANIFEST,
                TestImage.text("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[],\"config\":{}}"));
        var page = new TestImage.Blob("text/html", TestImage.text("{\"hello\":1}"));
        for (var refused : Map.of(
                        schema1,
                        "schema 1",
                        foreign,
                        "does not hold",
                        wasm,
                        "application/wasm",
                        both,
                        "at once",
                        page,
                        "text/html")
                .entrySet()) {
            registry.on("/v2/app/manifests/1", manifest(refused.getKey()));
            Refused.with(UNSUPPORTED, this::resolve).withMessageContaining(refused.getValue());
        }
    }

    private static TestImage.Blob layered(String layerType) {
        var odd = new TestImage();
        odd.layers.add(new TestImage.Blob(layerType, new byte[1]));
        return odd.manifest();
    }

    @Test
    void malformedJsonIsCorrupt() {
        for (var text : List.of(
                "<html>",
                "[".repeat(100_000),
                "{\"a\":1,\"a\":2}",
                "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:00\",\"size\":-1},\"layers\":[]}",
                "{\"manifests\":[1,2]}")) {
            registry.on(
                    "/v2/app/manifests/1", manifest(new TestImage.Blob(MediaTypes.OCI_MANIFEST, TestImage.text(text))));
            assertThatExceptionOfType(SourceException.class)
                    .isThrownBy(this::resolve)
                    .matches(failure -> Set.of(CORRUPT, UNSUPPORTED).contains(failure.reason()));
        }
    }

    @Test
    void aConfigThatSpeaksOfOtherLayersIsCorrupt() {
        image.diffIds.add(ContentDigest.of(new byte[0]));
        registry.serve("app", "1", image);
        Refused.with(CORRUPT, this::resolve).withMessageContaining("1 layers, but its config speaks of 2");
    }

    @Test
    void aCredentialStaysWithItsHostWhenTheBlobLiesElsewhere() throws IOException {
        var elsewhere = "http://" + registry.sameByOtherName() + "/store/blob";
        registry.on("/store/blob", bytes(blob.bytes()));
        registry.on(blobPath, exchange -> {
            var known = ADA_BASIC.equals(exchange.getRequestHeaders().getFirst("Authorization"));
            var answer = known
                    ? status(307, Map.of("Location", elsewhere))
                    : status(401, Map.of("WWW-Authenticate", "Basic realm=\"x\""));
            answer.to(exchange);
        });
        try (var source = source(registry.host() + "/app:1", ADA)) {
            var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
            assertThat(Files.readAllBytes(source.fetch(layer, new BlobDir(directory), ByteProgress.IGNORED)))
                    .isEqualTo(blob.bytes());
        }
        var stored = registry.asked.getLast();
        assertThat(stored.path()).isEqualTo("/store/blob");
        assertThat(stored.authorization()).isNull();
    }

    @Test
    void aRedirectMustNotLeadWhereTheOperatorForbids() {
        for (var target : Map.of(
                        "http://169.254.169.254/latest/meta-data", "169.254.0.0/16",
                        "http://example.invalid/x", "operator",
                        "file:///etc/shadow", "http",
                        "http://[", "no address")
                .entrySet()) {
            config = config.withInsecureHosts(Set.of("127.0.0.1", "169.254.169.254"));
            registry.on(blobPath, status(302, Map.of("Location", target.getKey())));
            Refused.with(UNREACHABLE, this::fetch).withMessageContaining(target.getValue());
        }
        registry.on(blobPath, status(302, Map.of("Location", blobPath)));
        Refused.with(UNREACHABLE, this::fetch).withMessageContaining("redirects more than");
    }

    @Test
    void aTokenIsFetchedAndShown() {
        var tag = "/v2/app/manifests/1";
        var wanted =
                "Bearer realm=\"http://" + registry.host() + "/token\",service=\"fake\",scope=\"repository:app:pull\"";
        registry.on("/token", bytes(TestImage.text("{\"token\":\"abc\"}")));
        protect(tag, "Bearer abc", wanted);
        protect(blobPath("app", image.config()), "Bearer abc", wanted);
        assertThat(resolve().digest()).isEqualTo(image.manifest().digest());
        assertThat(resolve(registry.host() + "/app:1", ADA).digest())
                .isEqualTo(image.manifest().digest());
        var tokenCalls = registry.asked.stream()
                .filter(asked -> asked.path().startsWith("/token"))
                .toList();
        assertThat(tokenCalls).extracting(FakeRegistry.Asked::authorization).containsExactly(null, ADA_BASIC);
        assertThat(tokenCalls.getFirst().path()).isEqualTo("/token?service=fake&scope=repository%3Aapp%3Apull");

        registry.on("/token", status(401, Map.of()));
        Refused.with(AUTH, () -> resolve(registry.host() + "/app:1", ADA))
                .satisfies(failure -> assertThat(failure.toString()).doesNotContain("lovelace"));
    }

    @Test
    void aTenantsTokenIsShownAsItIs() {
        protect("/v2/app/manifests/1", "Bearer mine", "Bearer realm=\"http://" + registry.host() + "/token\"");
        var mine = Optional.<RegistryCredential>of(new RegistryCredential.Token("mine"));
        assertThat(resolve(registry.host() + "/app:1", mine).digest())
                .isEqualTo(image.manifest().digest());
        assertThat(asked("/token")).isZero();
    }

    private void protect(String path, String authorization, String challenge) {
        var good = registry.given(path);
        registry.on(path, exchange -> {
            var known = authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"));
            (known ? good : status(401, Map.of("WWW-Authenticate", challenge))).to(exchange);
        });
    }

    @Test
    void silenceAndDripsAreUnreachable() {
        registry.on(blobPath, exchange -> {
            exchange.sendResponseHeaders(200, blob.bytes().length);
            for (var index = 0; index < 1000 && ended.getCount() > 0; index++) {
                exchange.getResponseBody().write(blob.bytes(), index, 1);
                exchange.getResponseBody().flush();
                await(Duration.ofMillis(50));
            }
        });
        Refused.with(UNREACHABLE, this::fetch).withMessageContaining("stopped sending");
        registry.on("/v2/app/manifests/1", exchange -> await(Duration.ofSeconds(20)));
        Refused.with(UNREACHABLE, this::resolve).withMessageContaining("in time");
    }

    private void await(Duration atMost) {
        try {
            var _ = ended.await(atMost.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void cancellingEndsAFetchThatWaitsOnASocket() throws InterruptedException {
        config = config.withPatience(SourceConfig.Patience.DEFAULT);
        var waiting = new CountDownLatch(1);
        registry.on(blobPath, exchange -> {
            exchange.sendResponseHeaders(200, blob.bytes().length);
            exchange.getResponseBody().write(blob.bytes(), 0, 100);
            exchange.getResponseBody().flush();
            waiting.countDown();
            await(Duration.ofSeconds(20));
        });
        try (var source = source()) {
            var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
            var canceller = Thread.ofVirtual().start(() -> {
                try {
                    waiting.await();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
                source.cancel();
            });
            var start = System.nanoTime();
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> source.fetch(layer, new BlobDir(directory), ByteProgress.IGNORED));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
            canceller.join();
        }
    }

    @Test
    void aCallerEndsASilentFetchFromItsProgress() {
        config = config.withPatience(SourceConfig.Patience.DEFAULT);
        registry.on(blobPath, exchange -> {
            exchange.sendResponseHeaders(200, blob.bytes().length);
            await(Duration.ofSeconds(20));
        });
        try (var source = source()) {
            var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> source.fetch(layer, new BlobDir(directory), (done, total) -> {
                        throw new CancellationException("enough");
                    }));
        }
    }

    @Test
    void aBlobLargerThanTheDiskIsNotBegun() {
        var huge = new Layer(0, blob.digest(), blob.mediaType(), Long.MAX_VALUE / 2, Optional.empty());
        try (var source = source()) {
            Refused.with(DISK_FULL, () -> source.fetch(huge, new BlobDir(directory), ByteProgress.IGNORED))
                    .withMessageContaining("" + huge.size());
        }
        assertThat(registry.asked).isEmpty();
    }

    @Test
    void aMissingServerIsUnreachable() {
        registry.close();
        Refused.with(UNREACHABLE, this::resolve)
                .withMessageContaining(registry.host())
                .matches(SourceException::mayPass);
    }
}
