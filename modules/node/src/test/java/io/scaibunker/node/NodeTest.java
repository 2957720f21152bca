package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole processes: what a user and an operator see of a node. */
class NodeTest {
    private static final Duration START = Duration.ofSeconds(60);

    @TempDir
    static Path binaries;

    @TempDir
    Path dir;

    @Test
    void everyProblemOfTheConfigurationIsALineAndTheExitCodeIsTwo() throws Exception {
        var conf = Files.writeString(dir.resolve("node.properties"), "cluster.prot=5701\nnode.rooms=api,kitchen\n");
        try (var node = NodeProcess.start(
                dir,
                List.of("--conf", conf.toString(), "--set", "store.connections=many", "--set", "log.level=loud"))) {
            assertThat(node.awaitExit(START)).isEqualTo(2);
            assertThat(node.output().lines())
                    .containsExactlyInAnyOrder(
                            "node.rooms=api,kitchen: allowed is one or more of fanout,scheduler,scanner,worker,api",
                            "log.level=loud: allowed is one of debug, info, warn, error",
                            "store.connections=many: allowed is a whole number, 2 to 500",
                            "cluster.prot: no such key; did you mean cluster.port?");
        }
    }

    @Test
    void aKilledNodeStartsAgainOnTheDatabaseItLeftBehindAndATerminatedOneLeavesNothing() throws Exception {
        var settings = settings(Map.of());
        var first = NodeProcess.start(dir, settings).awaitReady(START);
        long postmaster = postmaster();
        first.kill();
        assertThat(ProcessHandle.of(postmaster))
                .as("PostgreSQL outlives a killed node")
                .isPresent();

        try (var second = NodeProcess.start(dir, settings).awaitReady(START)) {
            assertThat(ProcessHandle.of(postmaster)).isEmpty();
            assertThat(second.output()).contains("an earlier run left behind").doesNotContain("making a new database");

            second.terminate();
            assertThat(second.awaitExit(Duration.ofSeconds(10))).isZero();
            assertThat(second.output()).contains("stopped");
            assertThat(dir.resolve("var/postgres/data/postmaster.pid")).doesNotExist();
        }
    }

    @Test
    void theFirstStartShowsAKeyThatWorksAndTheNodeSaysThatItIsReady() throws Exception {
        try (var node = NodeProcess.start(dir, settings(Map.of())).awaitReady(START)) {
            var file = dir.resolve("var/super-admin.key");
            var key = Files.readString(file).strip();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(node.output()).contains(key);

            var api = node.url() + "/v1/modules/scaibunker";
            assertThat(get(node.url() + "/health/ready", key).statusCode()).isEqualTo(200);
            assertThat(get(api + "/images", key).statusCode()).isEqualTo(200);
            assertThat(get(api + "/images", "sgk_wrong").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void aDatabaseElsewhereIsUsedWhenNamed() {
        try (var database = TestDatabase.empty();
                var node = NodeProcess.start(dir, settings(Map.of("store.url", database.url())))
                        .awaitReady(START)) {
            assertThat(database.rows("SELECT count(*) AS users FROM users").getFirst())
                    .containsEntry("users", 1L);
            assertThat(dir.resolve("var/postgres")).doesNotExist();
            assertThat(node.output()).doesNotContain(database.url());
        }
    }

    @Test
    void twoNodesFindEachOtherAndADeadOneIsMissed() {
        int port = Ports.free();
        var first = settings(Map.of("cluster.port", "" + port, "node.rooms", "worker", "log.level", "debug"));
        var second = settings(Map.of("cluster.members", "127.0.0.1:" + port, "node.rooms", "worker"));
        try (var one = NodeProcess.start(dir.resolve("one"), first).awaitReady(START);
                var two = NodeProcess.start(dir.resolve("two"), second).awaitReady(START)) {
            eventually(() -> assertThat(one.output()).contains("joined by", "2 nodes"));
            eventually(() -> assertThat(two.output()).contains("2 nodes"));

            two.kill();
            eventually(() -> assertThat(one.output()).contains("left by", "1 node"));
        }
    }

    @Test
    void aDataDirectoryHasOneNode() {
        var settings = settings(Map.of("node.rooms", "worker"));
        try (var one = NodeProcess.start(dir, settings).awaitReady(START);
                var two = NodeProcess.start(dir, settings(Map.of("node.rooms", "worker")))) {
            assertThat(two.awaitExit(START)).isEqualTo(1);
            assertThat(two.output()).contains("is used by process " + one.pid());
        }
    }

    private Map<String, String> settings(Map<String, String> more) {
        var settings = new TreeMap<String, String>();
        settings.put("cluster.port", "" + Ports.free());
        settings.put("cluster.bus-port", "0");
        settings.put("cluster.join-token", "a word among tests");
        settings.put("api.port", "0");
        settings.put("postgres.binaries-dir", binaries.toString());
        settings.putAll(more);
        return settings;
    }

    private static HttpResponse<String> get(String url, String key) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(url))
                    .header("Authorization", "Bearer " + key)
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    private long postmaster() throws Exception {
        return Long.parseLong(Files.readAllLines(dir.resolve("var/postgres/data/postmaster.pid"))
                .getFirst()
                .strip());
    }
}
