package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands ask a platform, and how they take what it says. */
class CallingTest {
    private static final String BUNKER = "bnk_" + "0".repeat(32);

    @TempDir
    private Path place;

    private SmallPlatform platform;

    @BeforeEach
    void start() throws IOException {
        platform = new SmallPlatform();
    }

    @AfterEach
    void stop() {
        platform.close();
    }

    @Test
    void aTraceTellsWhatIsSentButForSecrets() {
        platform.data("/", exchange -> "{}");
        var secret = new ByteArrayInputStream("hunter2".getBytes(StandardCharsets.UTF_8));
        var set = Program.run(
                platform.environment(), secret, "credential", "set", "registry.example", "-u", "robot", "-v");
        assertThat(set.code()).as(set.err()).isZero();
        assertThat(set.err())
                .contains("PUT", "\"username\":\"robot\"", "\"password\":\"***\"")
                .doesNotContain("hunter2", "sgk_of_a_test");
        var created = platform.run("bunker", "create", "debian", "--env", "TOKEN=hunter2", "--name", "box", "-v");
        assertThat(created.err())
                .contains("\"name\":\"box\"", "\"env_vars\":{\"TOKEN\":\"***\"}")
                .doesNotContain("hunter2");
        assertThat(platform.run("bunker", "create", "debian", "--env", "TOKEN").err())
                .contains("--env", "KEY=VALUE");
    }

    /** TLS is made ready for where it is used alone; there, what is no TLS is not talked to. */
    @Test
    void anAddressWithTlsIsSpokenToWithTlsOnly() {
        platform.data("/", exchange -> "[]");
        var plain = platform.environment();
        assertThat(platform.run("image", "ls").code()).isZero();
        var secure = Map.of(
                "SCAIBUNKER_URL", plain.get("SCAIBUNKER_URL").replace("http:", "https:"), "SCAIBUNKER_KEY", "sgk_x");
        var ended = Program.run(secure, InputStream.nullInputStream(), "image", "ls");
        assertThat(ended.code()).isEqualTo(9);
        assertThat(ended.err()).contains("does not answer").doesNotContain("no TLS was made ready");
        assertThat(platform.asked()).hasSize(1);
    }

    @Test
    void whatIsNoTextIsNotHandedToACommandChanged() {
        platform.at(
                "/bunkers/" + BUNKER + "/exec",
                exchange -> SmallPlatform.say(exchange, "event: exit\ndata: {\"exit_code\":0}\n\n"));
        var bytes = Program.run(
                platform.environment(),
                new ByteArrayInputStream(new byte[] {'a', (byte) 0xff, 0}),
                "bunker",
                "exec",
                BUNKER,
                "-i",
                "--",
                "cat");
        assertThat(bytes.code()).isEqualTo(125);
        assertThat(bytes.err()).contains("no UTF-8 text", "bunker cp");
        assertThat(platform.asked()).isEmpty();
        var text = new ByteArrayInputStream("ü\n".getBytes(StandardCharsets.UTF_8));
        assertThat(Program.run(platform.environment(), text, "bunker", "exec", BUNKER, "-i", "--", "cat")
                        .code())
                .isZero();
    }

    @Test
    void aCommandEndsWhenNobodyReadsItsOutput() throws Exception {
        var gone = new CountDownLatch(1);
        platform.at("/bunkers/" + BUNKER + "/exec", exchange -> {
            SmallPlatform.say(exchange, "");
            try {
                while (true) {
                    SmallPlatform.more(exchange, "event: stdout\ndata: {\"text\":\"y\\n\"}\n\n");
                }
            } catch (IOException left) {
                gone.countDown();
            }
        });
        var closed = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        var ended = Program.run(
                platform.environment(), InputStream.nullInputStream(), closed, "bunker", "exec", BUNKER, "--", "yes");
        assertThat(ended.code()).isEqualTo(141);
        assertThat(gone.await(20, TimeUnit.SECONDS))
                .as("the connection is closed, too")
                .isTrue();
    }

    @Test
    void eventsAreTakenUpAgainWhenThePlatformIsAwayAndNotWhenTheKeyIsGone() {
        var connections = new AtomicInteger();
        platform.at(
                "/images/debian/events",
                exchange -> SmallPlatform.say(
                        exchange,
                        connections.incrementAndGet() == 1
                                ? "id: 7\nevent: image\ndata: {\"status\":\"active\"}\n\nevent: end\n"
                                        + "data: {\"code\":\"SERVICE_UNAVAILABLE\",\"message\":\"away\"}\n\n"
                                : "event: end\ndata: {\"code\":\"AUTH_TOKEN_INVALID\",\"message\":\"revoked\"}\n\n"));
        var ended = platform.run("events", "debian");
        assertThat(ended.code()).isEqualTo(7);
        assertThat(ended.out()).contains("image active", "end SERVICE_UNAVAILABLE", "end AUTH_TOKEN_INVALID");
        assertThat(ended.err()).contains("AUTH_TOKEN_INVALID: revoked", "scaibunker login");
        assertThat(platform.asked())
                .containsExactly("GET /images/debian/events", "GET /images/debian/events?last_event_id=7");

        var yaml = platform.run("events", "debian", "-o", "yaml");
        assertThat(yaml.out()).startsWith("---\nid: \"\"\nevent: end\ndata:\n  code: AUTH_TOKEN_INVALID\n");
        assertThat(platform.run("events", "debian", "-o", "json").out())
                .isEqualTo("{\"id\":\"\",\"event\":\"end\",\"data\":{\"code\":\"AUTH_TOKEN_INVALID\","
                        + "\"message\":\"revoked\"}}\n");
        var names = platform.run("events", "debian", "-o", "name");
        assertThat(names.code()).isEqualTo(2);
        assertThat(names.err()).contains("events have no names");
        assertThat(platform.run("image", "watch", "debian").code()).isEqualTo(7);
    }

    @Test
    void waitingEndsInTimeEvenIfNothingIsAnswered() {
        platform.at(
                "/images/debian/events", exchange -> exchange.getRequestBody().readAllBytes());
        var silent = new CountDownLatch(1);
        platform.at("/images/other/events", exchange -> {
            try {
                silent.await();
            } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
            }
        });
        var started = System.nanoTime();
        assertThat(platform.run("image", "watch", "other", "--timeout", "1").code())
                .isEqualTo(10);
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started)).isLessThan(20);
    }

    @Test
    void manyEventsAreManyLooksAtTheBoardAndFewQuestions() {
        platform.data("/images/debian", exchange -> "{\"readiness\":{\"ready\":300,\"targeted\":300}}");
        platform.at("/images/debian/events", exchange -> {
            var rows = new StringBuilder();
            for (var worker = 0; worker < 300; worker++) {
                rows.append(worker == 0 ? "" : ",")
                        .append("{\"worker_id\":\"%d\",\"worker_name\":\"w%d\",\"status\":\"building\"}"
                                .formatted(worker, worker));
            }
            SmallPlatform.say(
                    exchange,
                    "id: 1\nevent: snapshot\ndata: {\"image\":{\"name\":\"d\",\"status\":\"active\"},\"rows\":[" + rows
                            + "]}\n\n");
            for (var worker = 0; worker < 300; worker++) {
                SmallPlatform.more(
                        exchange,
                        "id: %d\nevent: cache\ndata: {\"worker_id\":\"%d\",\"status\":\"ready\"}\n\n"
                                .formatted(worker + 2, worker));
            }
            // Until the other side has heard enough.
            try {
                while (true) {
                    SmallPlatform.more(exchange, ": beat\n\n");
                }
            } catch (IOException enough) {
                assertThat(enough).isNotNull();
            }
        });
        assertThat(platform.run("image", "watch", "debian").code()).isZero();
        assertThat(platform.asked().stream().filter("GET /images/debian"::equals))
                .as("questions")
                .hasSizeBetween(1, 2);
    }

    @Test
    void aBunkersNameIsLookedForAmongThoseThatLive() {
        platform.data(
                "/bunkers",
                exchange -> exchange.getRequestURI().getQuery().contains("status=running")
                        ? "[{\"id\":\"%s\",\"name\":\"box\",\"status\":\"running\"}]".formatted(BUNKER)
                        : "[]");
        platform.data("/bunkers/" + BUNKER, exchange -> "{\"id\":\"%s\",\"name\":\"box\"}".formatted(BUNKER));
        assertThat(platform.run("bunker", "show", "box").out()).contains(BUNKER);
        assertThat(platform.asked())
                .contains("GET /bunkers/" + BUNKER)
                .noneMatch(asked -> asked.contains("terminated") || asked.contains("failed"));
        assertThat(platform.run("bunker", "show", "bax").err()).contains("there is no living bunker 'bax'", "box");
    }

    @Test
    void aWorkerIsWaitedForUntilNothingIsThereAnyMore() {
        var worker = "wrk_" + "0".repeat(32);
        var left = new AtomicInteger(2);
        platform.data("/workers/" + worker + "/drain", exchange -> "{\"id\":\"%s\",\"bunkers\":2}".formatted(worker));
        platform.data(
                "/workers/" + worker,
                exchange -> "{\"id\":\"%s\",\"name\":\"one\",\"status\":\"draining\",\"bunkers\":%d}"
                        .formatted(worker, left.decrementAndGet()));
        assertThat(platform.run("worker", "drain", worker, "--wait", "-o", "name")
                        .out())
                .isEqualTo("one\n");
        assertThat(left).hasValue(0);
        left.set(1000);
        assertThat(platform.run("worker", "drain", worker, "--wait", "--timeout", "1")
                        .code())
                .isEqualTo(10);
    }

    @Test
    void aFileThatIsFetchedKeepsItsModeAndLeavesDevicesAlone() throws Exception {
        platform.at("/bunkers/" + BUNKER + "/files", exchange -> SmallPlatform.say(exchange, "fetched"));
        var usual = Files.createFile(place.resolve("usual"));
        var fresh = place.resolve("fresh");
        assertThat(platform.run("bunker", "cp", BUNKER + ":/a", fresh).code()).isZero();
        assertThat(fresh).hasContent("fetched");
        assertThat(Files.getPosixFilePermissions(fresh)).isEqualTo(Files.getPosixFilePermissions(usual));

        var script = Files.writeString(place.resolve("script"), "old");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x--x"));
        var link = Files.createSymbolicLink(place.resolve("link"), script);
        assertThat(platform.run("bunker", "cp", BUNKER + ":/a", link).code()).isZero();
        assertThat(link).isSymbolicLink();
        assertThat(script).hasContent("fetched");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(script)))
                .isEqualTo("rwxr-x--x");

        assertThat(platform.run("bunker", "cp", BUNKER + ":/a", "/dev/null").code())
                .isZero();
        assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
        try (var left = Files.list(place)) {
            assertThat(left).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    /** A process's own memory: a regular file to whoever asks, which cannot be read from its beginning. */
    @Test
    void aFileHereThatCannotBeReadIsNotThePlatformsFault() {
        platform.data("/bunkers/" + BUNKER + "/files", exchange -> "{}");
        var ended = platform.run("bunker", "cp", "/proc/self/mem", BUNKER + ":/a");
        assertThat(ended.code()).as(ended.err()).isEqualTo(6);
        assertThat(ended.err()).doesNotContain("does not answer");
    }
}
