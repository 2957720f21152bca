package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.bus.BunkerShell;
import io.scaibunker.bus.CommandOutput;
import io.scaibunker.bus.EventWatch;
import io.scaibunker.bus.PublishedEvents;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.testkit.SampleImages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A service that is no node of ours, in the cluster of a real control node: as a plain member, and as a lite one. */
class InClusterClientTest {
    @TempDir
    static Path dir;

    private static final Duration BOOT = Duration.ofSeconds(120);
    private static final int FILE_MIB = 20;

    private static Fleet fleet;
    private static String bunker = "";

    @BeforeAll
    static void start() {
        fleet = new Fleet(dir, dir, Map.of());
    }

    /** A bunker in which there is a program to talk to; made when the first test asks for it. */
    private static synchronized String bunker() throws IOException {
        if (bunker.isEmpty()) {
            assumeTrue(SampleImages.hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
            Path tree = Files.createDirectories(dir.resolve("tree"));
            SampleImages.talk(tree);
            fleet.startWorker("one");
            String acceleration = eventually(
                    "machines are probed",
                    BOOT,
                    () -> fleet.get("/workers").list().isEmpty()
                            ? "none: not probed yet"
                            : fleet.get("/workers").list().getJsonObject(0).getString("acceleration"),
                    told -> !told.equals("none: not probed yet"));
            if (acceleration.startsWith("none")) {
                System.out.println("skipped: no microVMs here: " + acceleration);
            }
            assumeTrue(!acceleration.startsWith("none"), acceleration);
            fleet.group("one");
            fleet.registerTar("talk", SampleImages.tar(tree, dir.resolve("talk.tar")), 16);
            fleet.awaitRows("talk", BOOT, "ready");
            JsonObject wish = new JsonObject().put("image", "talk").put("disk_mb", 256);
            String id = fleet.post("/bunkers", wish).data().getString("id");
            eventually(
                    "it runs",
                    BOOT,
                    () -> fleet.get("/bunkers/" + id).data(),
                    row -> "running".equals(row.getString("status")));
            bunker = id;
        }
        return bunker;
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static Vertx member(boolean lite) {
        return ClusterService.join(fleet.clusterPort(), lite);
    }

    private static ScaiBunkerClient client(Vertx vertx, String key) {
        return new ScaiBunkerClient(vertx, new Secret(key), Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aServiceOfTheClusterDoesWhatHttpDoes(boolean lite) {
        Vertx vertx = member(lite);
        try {
            var client = new ScaiBunkerClient(vertx, new Secret(fleet.key()), Duration.ofSeconds(15));
            String name = lite ? "by-lite" : "by-plain";
            JsonObject image = client.registerImage(new JsonObject()
                            .put("name", name)
                            .put("size_mib", 16)
                            .put(
                                    "build_source",
                                    new JsonObject().put("kind", "tar").put("path", "/srv/none.tar")))
                    .await();
            assertThat(fleet.get("/images/" + name).data().getString("id")).isEqualTo(image.getString("id"));

            List<EventWatch.Event> told = new CopyOnWriteArrayList<>();
            EventWatch watch = client.watchImage(name, told::add);
            watch.begun().await();
            client.deactivate(image.getString("id")).await();
            eventually(() -> assertThat(told.stream()
                            .filter(event -> event.event().equals("image"))
                            .map(event -> event.data().getString("status")))
                    .contains("deactivated"));
            watch.close();

            assertThat(refusal(client, "nobody-knows-it")).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
            var stranger = new ScaiBunkerClient(vertx, new Secret("sgk_" + "x".repeat(43)), Duration.ofSeconds(15));
            assertThat(refusal(stranger, name)).isEqualTo(ErrorCode.AUTH_TOKEN_INVALID);
        } finally {
            vertx.close().await();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bytesFlowBesideTheBusInFilesCommandsAndTerminals(boolean lite) throws Exception {
        String id = bunker();
        Vertx vertx = member(lite);
        try {
            ScaiBunkerClient client = client(vertx, fleet.key());
            Path sent = dir.resolve("sent");
            Path got = dir.resolve("got-" + lite);
            SampleImages.bulk(sent, FILE_MIB, 11);
            JsonObject at = new JsonObject().put("path", "/data/file " + lite);
            long begun = System.nanoTime();
            JsonObject put = client.writeFile(id, at, open(vertx, sent)).await();
            long there = System.nanoTime();
            assertThat(put.getLong("size")).isEqualTo(FILE_MIB << 20);
            client.readFile(id, at, open(vertx, got)).await();
            long back = System.nanoTime();
            assertThat(Files.mismatch(sent, got)).isEqualTo(-1);
            System.out.printf(
                    "%d MiB by a %s member: put %d ms, got %d ms%n",
                    FILE_MIB, lite ? "lite" : "plain", (there - begun) / 1_000_000, (back - there) / 1_000_000);
            assertThat(client.files(id, "/data").await().encode()).contains("file " + lite);

            StringBuffer said = new StringBuffer();
            JsonObject command =
                    new JsonObject().put("command", List.of("/bin/talk")).put("stdin", "one\ntwo\n");
            JsonObject end =
                    client.execStreaming(id, command, new Said(said)).end().await();
            assertThat(end.getInteger("exit_code")).isZero();
            assertThat(said).asString().isEqualTo("said one\nsaid two\n");

            StringBuffer shown = new StringBuffer();
            JsonObject query =
                    new JsonObject().put("program", "/bin/talk").put("cols", 90).put("rows", 30);
            BunkerShell shell =
                    client.shell(id, query, bytes -> shown.append(bytes)).await();
            shell.write(Buffer.buffer("hello\nsize\n")).await();
            eventually(() -> assertThat(shown).asString().contains("said hello").contains("90x30"));
            shell.resize(132, 50).await();
            shell.write(Buffer.buffer("size\n")).await();
            eventually(() -> assertThat(shown).asString().contains("132x50"));
            shell.write(Buffer.buffer("\u0004")).await();
            assertThat(shell.end().await().getInteger("exit_code")).isZero();
        } finally {
            vertx.close().await();
        }
    }

    private static AsyncFile open(Vertx vertx, Path file) {
        return vertx.fileSystem()
                .open(file.toString(), new OpenOptions().setCreate(true))
                .await();
    }

    @Test
    void whereBytesFlowAForeignTenantSeesNothingAndWhoMayNotIsTold() throws Exception {
        String id = bunker();
        Vertx vertx = member(true);
        try {
            ScaiBunkerClient all = client(vertx, fleet.key());
            String tenant = all.createTenant(
                            new JsonObject().put("name", "afar").put("partner", "afar"))
                    .await()
                    .getString("id");
            JsonObject path = new JsonObject().put("path", "/bin/talk");
            JsonObject command = new JsonObject().put("command", "true");
            for (var expected : Map.of(
                            "tenant_user", ErrorCode.BUNKER_NOT_FOUND,
                            "tenant_viewer", ErrorCode.AUTHZ_PERMISSION_DENIED)
                    .entrySet()) {
                ScaiBunkerClient other = client(vertx, key(all, tenant, expected.getKey()));
                AsyncFile kept = open(vertx, dir.resolve("kept"));
                assertThat(refusal(other.readFile(id, path, kept))).isEqualTo(expected.getValue());
                assertThat(refusal(other.writeFile(id, path, kept))).isEqualTo(expected.getValue());
                assertThat(refusal(other.execStreaming(id, command, new Said(new StringBuffer()))
                                .end()))
                        .isEqualTo(expected.getValue());
                assertThat(refusal(other.shell(id, new JsonObject(), bytes -> {})))
                        .isEqualTo(expected.getValue());
            }
        } finally {
            vertx.close().await();
        }
    }

    private static String key(ScaiBunkerClient all, String tenant, String role) {
        JsonObject user =
                new JsonObject().put("name", role).put("tenant_id", tenant).put("role", role);
        String userId = all.createUser(user).await().getString("id");
        return all.createApiKey(new JsonObject().put("name", "k").put("user_id", userId))
                .await()
                .getString("key");
    }

    @Test
    void aServiceThatDiesEndsWhatItHasBegun() throws Exception {
        String id = bunker();
        Path output = dir.resolve("service.log");
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                ClusterService.class.getName(),
                "" + fleet.clusterPort(),
                fleet.key(),
                id));
        words.addAll(List.of("/bin/talk", "hold", "/lock"));
        Process service = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            eventually(BOOT, () -> assertThat(output).content().containsPattern("(?m)^free$"));
            assertThat(lock(id)).isEqualTo("held\n");
            service.destroyForcibly();
            eventually(BOOT, () -> assertThat(lock(id)).isEqualTo("free\n"));
        } finally {
            service.destroyForcibly();
        }
    }

    private static String lock(String bunker) {
        JsonObject command = new JsonObject().put("command", List.of("/bin/talk", "try", "/lock"));
        return fleet.post("/bunkers/" + bunker + "/exec", command).data().getString("stdout");
    }

    @Test
    void whatTwoControlNodesPublishIsWholeThoughOneIsKilled() {
        String image =
                fleet.registerTar("published", dir.resolve("none.tar"), 16).getString("id");
        fleet.startSecondControl();
        Vertx vertx = member(false);
        try {
            List<Long> published = new CopyOnWriteArrayList<>();
            List<Long> heard = new CopyOnWriteArrayList<>();
            ScaiBunkerClient client = client(vertx, fleet.key());
            vertx.eventBus()
                    .<JsonObject>consumer(
                            PublishedEvents.ofImage(image),
                            told -> published.add(told.body().getLong("id")))
                    .completion()
                    .await();
            try (PublishedEvents ears = client.hearImage(image, event -> heard.add(event.id()))) {
                ears.begun().await();
                long before = last(image);
                change(image, 100);
                eventually(() -> assertThat(published).contains(last(image)));
                change(image, 100);
                boolean first = fleet.node("control").output().contains("publishes events on the bus");
                fleet.node(first ? "control" : "second").kill();
                change(image, 100);

                eventually(Duration.ofSeconds(30), () -> assertThat(heard).contains(last(image)));
                List<Long> all = ids(image, before);
                assertThat(all).hasSizeGreaterThanOrEqualTo(300);
                assertThat(published).containsAll(all);
                assertThat(heard).doesNotHaveDuplicates().containsAll(all);
                System.out.printf(
                        "%d events by two control nodes, one killed: %d publications, each event heard once%n",
                        all.size(), published.size());
            }
            fleet.startControl();
        } finally {
            vertx.close().await();
        }
    }

    private static void change(String image, int times) {
        for (int i = 0; i < times; i++) {
            fleet.database()
                    .execute("UPDATE scans SET generation = generation + 1 WHERE image_id = '"
                            + ImageId.parse(image).value() + "'");
        }
    }

    private static long last(String image) {
        return ids(image, 0).getLast();
    }

    private static List<Long> ids(String image, long after) {
        return fleet
                .database()
                .rows("SELECT id FROM events WHERE subject = '"
                        + ImageId.parse(image).value() + "' AND id > " + after + " ORDER BY id")
                .stream()
                .map(row -> (Long) Objects.requireNonNull(row.get("id")))
                .toList();
    }

    /** All that a command says, in one text. */
    private record Said(StringBuffer text) implements CommandOutput {
        @Override
        public void stdout(String part) {
            text.append(part);
        }

        @Override
        public void stderr(String part) {
            text.append(part);
        }
    }

    private static ErrorCode refusal(Future<?> asked) {
        return catchThrowableOfType(PlatformException.class, asked::await).code();
    }

    private static ErrorCode refusal(ScaiBunkerClient client, String image) {
        return catchThrowableOfType(
                        PlatformException.class, () -> client.image(image).await())
                .code();
    }
}
