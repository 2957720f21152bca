package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.RegistryPolicy;
import io.scaibunker.oci.SourceConfig;
import io.scaibunker.oci.SourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a row says of a registry that does not do its part. */
class BakeFailuresTest {
    private HttpServer registry;
    private SourceConfig config;

    @BeforeEach
    void open() throws IOException {
        registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        registry.createContext("/", BakeFailuresTest::answer);
        registry.start();
        config = SourceConfig.DEFAULTS
                .withInsecureHosts(Set.of(host()))
                .withPatience(new SourceConfig.Patience(
                        Duration.ofSeconds(5), Duration.ofSeconds(5), 2, Duration.ofMillis(1), Duration.ofMillis(1)));
    }

    @AfterEach
    void close() {
        registry.stop(0);
    }

    private String host() {
        return "127.0.0.1:" + registry.getAddress().getPort();
    }

    private static void answer(HttpExchange asked) throws IOException {
        try (asked) {
            switch (asked.getRequestURI().getPath()) {
                case "/v2/a/manifests/cut" -> {
                    asked.sendResponseHeaders(200, 1000);
                    asked.getResponseBody().write(new byte[10]);
                }
                case "/v2/a/manifests/limited" -> {
                    asked.getResponseHeaders().add("Retry-After", "7200");
                    asked.sendResponseHeaders(429, -1);
                }
                case "/v2/a/manifests/wrong" -> {
                    asked.sendResponseHeaders(200, 2);
                    asked.getResponseBody().write("[]".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                }
                default -> asked.sendResponseHeaders(404, -1);
            }
        }
    }

    private static Failure failure(SourceConfig config, String reference) {
        try (ImageSource source =
                new ImageSources(config).registry(reference, Platform.LINUX_AMD64, Optional.empty())) {
            source.resolve(ByteProgress.IGNORED);
            throw new AssertionError("it was resolved");
        } catch (SourceException expected) {
            return BakeFailures.of(expected);
        }
    }

    private Failure failureOf(String tag) {
        return failure(config, host() + "/a:" + tag);
    }

    /** The link is bad, not the image: the same may come whole next time, and other workers may have a better one. */
    @Test
    void whatIsCutOnItsWayIsTriedAgain() {
        assertThat(failureOf("cut"))
                .returns(ErrorCode.SOURCE_UNREACHABLE, Failure::code)
                .returns(true, Failure::mayPass);
    }

    @Test
    void whatCameWholeAndIsWrongIsNot() {
        assertThat(failureOf("wrong").mayPass()).isFalse();
        assertThat(failureOf("wrong").code().worthRetrying()).isFalse();
        assertThat(failureOf("missing")).returns(ErrorCode.SOURCE_NOT_FOUND, Failure::code);
    }

    @Test
    void whoAsksToBeLeftAloneIsHeard() {
        assertThat(failureOf("limited"))
                .returns(ErrorCode.SOURCE_RATE_LIMITED, Failure::code)
                .returns(true, Failure::mayPass)
                .returns(7200L, Failure::retryAfterS);
    }

    @Test
    void whatTheOperatorDeniesIsNotTriedAgainAndANameThatIsNotKnownNowIs() {
        SourceConfig denying = config.withPolicy(new RegistryPolicy(Set.of("127.0.0.1"), List.of()));
        assertThat(failure(denying, host() + "/a:cut"))
                .returns(ErrorCode.SOURCE_UNREACHABLE, Failure::code)
                .returns(false, Failure::mayPass);
        assertThat(failure(config.withPolicy(RegistryPolicy.DEFAULT), "nowhere.invalid/a:1"))
                .returns(ErrorCode.SOURCE_UNREACHABLE, Failure::code)
                .returns(true, Failure::mayPass);
    }
}
