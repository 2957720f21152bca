package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.ApiClient;
import io.scaibunker.testkit.LocalRegistry;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.SampleImages;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the platform promises when a process dies: whole nodes, real bakes, real microVMs. */
class FleetTest {
    private static final Duration BAKE = Duration.ofSeconds(90);
    private static final Duration BOOT = Duration.ofSeconds(90);

    @TempDir
    static Path images;

    @TempDir
    Path dir;

    private Fleet fleet;

    @BeforeAll
    static void makeImages() throws Exception {
        Path tree = Files.createDirectories(images.resolve("tree"));
        assumeTrue(SampleImages.hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
        SampleImages.answer(tree);
        SampleImages.tar(tree, images.resolve("small.tar"));
        SampleImages.bulk(Files.createDirectories(tree.resolve("data")).resolve("kept"), 8, 3);
        Files.createDirectories(tree.resolve("etc"));
        Files.writeString(tree.resolve("data/gone"), "gone");
        Files.writeString(Files.createDirectories(tree.resolve("data/replaced")).resolve("old"), "old");
        SampleImages.tar(tree, images.resolve("base.tar"));
        SampleImages.bulk(tree.resolve("bulk"), 100, 7);
        SampleImages.tar(tree, images.resolve("large.tar"));
    }

    @BeforeEach
    void start() {
        fleet = new Fleet(dir, images, Map.of());
        fleet.startWorker("one");
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    @Test
    void aControlNodeKilledDuringAFanoutFinishesItAfterItsRestartWithNoCall() {
        fleet.startWorker("two");
        fleet.group("one", "two");
        fleet.registerTar("large", images.resolve("large.tar"), 256);
        eventually("a bake is under way", BAKE, () -> fleet.rows("large"), rows -> rows.contains("building"));

        fleet.node("control").kill();
        fleet.startControl();

        fleet.awaitRows("large", BAKE, "ready", "ready");
        assertCopiesAreClean("one", "two");
    }

    @Test
    void ofTwoControlNodesOneIsEnough() {
        fleet.startWorker("two");
        fleet.group("one", "two");
        fleet.startSecondControl();
        fleet.registerTar("large", images.resolve("large.tar"), 256);
        eventually("a bake is under way", BAKE, () -> fleet.rows("large"), rows -> rows.contains("building"));

        fleet.node("control").kill();

        fleet.awaitRows("large", BAKE, "ready", "ready");
        assertCopiesAreClean("one", "two");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready", "ready");
    }

    @Test
    void oneWorkerBakesTheOthersFetchItAndWhoLosesItFetchesItAgain() throws Exception {
        fleet.startWorker("two");
        fleet.startWorker("three");
        fleet.group("one", "two", "three");
        fleet.registerTar("large", images.resolve("large.tar"), 256);
        fleet.awaitRows("large", BAKE, "ready", "ready", "ready");

        List<String> bakers = Stream.of("one", "two", "three")
                .filter(worker -> fleet.node(worker).output().contains(" baked img_"))
                .toList();
        assertThat(bakers).hasSize(1);
        Path baked = copyOn(bakers.getFirst());
        String other = bakers.contains("two") ? "three" : "two";
        Path fetched = copyOn(other);
        assertThat(Files.mismatch(baked, fetched)).isEqualTo(-1);

        Files.delete(fetched);
        eventually("the copy is there again", BAKE, () -> Files.exists(fetched), there -> there);
        fleet.awaitRows("large", BAKE, "ready", "ready", "ready");
        assertThat(Files.mismatch(baked, fetched)).isEqualTo(-1);
        assertThat(fleet.node(other).output()).doesNotContain(" baked img_");
        assertCopiesAreClean("one", "two", "three");
    }

    /** Its only holder stops in the middle of giving, for longer than anybody waits for an answer: what has come stays, and it goes on. */
    @Test
    void whoGivesACopyMayBeSilentForAWhileAndItsSourceIsReadOnce() {
        assumeTrue(LocalRegistry.missingTools().isEmpty(), "not installed: " + LocalRegistry.missingTools());
        fleet.close();
        fleet = new Fleet(dir.resolve("patient"), images, Map.of("scheduler.worker-stale", "2m"));
        try (LocalRegistry registry = LocalRegistry.start(dir.resolve("registry"))) {
            SampleImages.push(registry, "fleet/large", "1", List.of(images.resolve("large.tar")));
            fleet.startWorker("giver", Map.of("worker.insecure-registries", registry.host()));
            String group = fleet.group("giver");
            fleet.registerOci("large", registry.host() + "/fleet/large:1", 256);
            fleet.awaitRows("large", BAKE, "ready");
            long given = registry.givenBytes();
            String giver = fleet.workerId("giver");
            fleet.startWorker(
                    "taker", Map.of("worker.insecure-registries", registry.host(), "worker.download-rate", "12MiB"));
            fleet.post(
                            "/availability-groups/" + group + "/workers",
                            new JsonObject().put("worker_ids", new JsonArray(List.of(fleet.workerId("taker")))))
                    .data();
            JsonObject row = eventually(
                    "more than a bake's fetching has come",
                    BAKE,
                    () -> fleet.get("/images/large/cache").list().getJsonObject(1),
                    it -> it.getInteger("percent") > 45);
            assertThat(row.getString("status")).isEqualTo("building");
            assertThat(row.getString("phase")).isEqualTo("fetching");
            assertThat(row.getString("source")).isEqualTo(giver);

            fleet.node("giver").pause();
            eventually(
                    "it is silent", BAKE, () -> fleet.node("taker").output(), said -> said.contains("silent for 20 s"));
            fleet.node("giver").resume();

            fleet.awaitRows("large", BAKE, "ready", "ready");
            assertThat(registry.givenBytes()).isEqualTo(given);
            assertThat(fleet.node("taker").output()).doesNotContain(" baked img_");
            assertCopiesAreClean("giver", "taker");
        }
    }

    private Path copyOn(String worker) throws IOException {
        try (var copies = Files.newDirectoryStream(fleet.workerDir(worker).resolve("copies"), "*.ext4")) {
            return copies.iterator().next();
        }
    }

    @Test
    void whenTheBakerDiesForGoodAnotherOneBakes() {
        fleet.startWorker("two");
        fleet.startWorker("three");
        fleet.group("one", "two", "three");
        fleet.registerTar("large", images.resolve("large.tar"), 256);
        String baker = eventually(
                "somebody bakes",
                BAKE,
                () -> fleet.get("/images/large/cache").list().stream()
                        .map(JsonObject.class::cast)
                        .filter(row -> "baking".equals(row.getString("phase")))
                        .map(row -> row.getString("worker_name"))
                        .findFirst()
                        .orElse(""),
                name -> !name.isEmpty());
        String[] others = Stream.of("one", "two", "three")
                .filter(name -> !name.equals(baker))
                .toArray(String[]::new);

        fleet.node(baker).kill();

        eventually(
                "the others have it",
                BAKE,
                () -> fleet.get("/images/large").data().getJsonObject("readiness"),
                readiness -> readiness.getInteger("ready") == 2 && readiness.getInteger("lost") == 1);
        assertThat(Stream.of(others).filter(name -> fleet.node(name).output().contains(" baked img_")))
                .hasSize(1);
        assertCopiesAreClean(others);
        fleet.startWorker(baker);
        fleet.awaitRows("large", BAKE, "ready", "ready", "ready");
        assertThat(fleet.node(baker).output()).doesNotContain(" baked img_");
    }

    @Test
    void whatAWorkerHeldForAGroupThatItLeavesGoesUnlessAnotherGroupWantsItThere() throws Exception {
        String pool = fleet.group("one");
        String kept = fleet.registerTar("kept", images.resolve("small.tar"), 16).getString("id");
        String left = fleet.registerTar("left", images.resolve("small.tar"), 24).getString("id");
        fleet.awaitRows("kept", BAKE, "ready");
        fleet.awaitRows("left", BAKE, "ready");
        String few = fleet.post("/availability-groups", new JsonObject().put("name", "few"))
                .data()
                .getString("id");
        fleet.post(
                        "/availability-groups/" + few + "/images",
                        new JsonObject().put("image_ids", new JsonArray(List.of(kept))))
                .data();
        fleet.post(
                        "/availability-groups/" + few + "/workers",
                        new JsonObject().put("worker_ids", new JsonArray(List.of(fleet.workerId("one")))))
                .data();

        fleet.delete("/availability-groups/" + pool + "/workers/" + fleet.workerId("one"));

        fleet.awaitRows("left", BAKE, "evicted");
        fleet.awaitRows("kept", BAKE, "ready");
        try (var entries = Files.newDirectoryStream(fleet.workerDir("one").resolve("copies"), "*.json")) {
            assertThat(entries.iterator())
                    .toIterable()
                    .extracting(entry -> entry.getFileName().toString())
                    .containsExactly(kept + ".json");
        }
        assertThat(copyOn("one")).hasSize(16 << 20);
        fleet.delete("/availability-groups/" + few + "/images/" + kept);
        fleet.awaitRows("kept", BAKE, "evicted");
        eventually(() -> assertThat(fleet.workerDir("one").resolve("copies")).isEmptyDirectory());
        assertThat(fleet.get("/images/" + left).data().getString("status")).isEqualTo("active");
    }

    @Test
    void aWorkerWhoseDiskWasWipedHasItsPlaceAgainWithNoCall() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        runningBunker();
        String before = fleet.workerId("one");

        fleet.node("one").kill();
        NodeProcess.wipe(fleet.workerDir("one"));
        fleet.startWorker("one");

        // Nobody knows the machine of its bunker any more; a machine that nobody knows does not run on.
        eventually(() -> assertThat(fleet.machines("one")).isEmpty());
        eventually(
                "it is there, and the one it was is forgotten",
                BAKE,
                () -> fleet.get("/workers").list().stream()
                        .map(worker -> ((JsonObject) worker).getString("id"))
                        .toList(),
                ids -> ids.size() == 1 && !ids.contains(before));
        fleet.awaitRows("small", BAKE, "ready");
        assertCopiesAreClean("one");
    }

    @Test
    void aWorkerKilledDuringItsBakeBakesAgainAfterItsRestartAndLeavesNothingHalfMade() {
        fleet.group("one");
        fleet.registerTar("large", images.resolve("large.tar"), 256);
        eventually(
                "the bake writes",
                BAKE,
                () -> fleet.get("/images/large/cache").list().getJsonObject(0).getString("phase"),
                "baking"::equals);

        fleet.node("one").kill();
        assertThat(fleet.workerDir("one").resolve("bakes")).isNotEmptyDirectory();
        fleet.startWorker("one");

        fleet.awaitRows("large", BAKE, "ready");
        assertThat(fleet.workerDir("one").resolve("bakes")).isEmptyDirectory();
        assertThat(fleet.get("/images/large/cache").list().getJsonObject(0).getString("error"))
                .isNull();
        assertCopiesAreClean("one");
    }

    @Test
    void aWorkerThatIsStoppedOrKilledFindsItsBunkersAgainAndNobodyNotices() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        List<String> bunkers = List.of(runningBunker(), runningBunker(), runningBunker(), runningBunker());
        Set<Long> machines = fleet.machines("one");
        assertThat(machines).hasSize(4);

        fleet.node("one").terminate();
        assertThat(fleet.node("one").awaitExit(Duration.ofSeconds(20))).isZero();
        assertThat(fleet.machines("one")).isEqualTo(machines);
        fleet.startWorker("one");
        bunkers.forEach(this::assertAnswers);

        fleet.node("one").kill();
        fleet.startWorker("one");
        bunkers.forEach(this::assertAnswers);
        assertThat(fleet.machines("one")).isEqualTo(machines);

        // What was asked for while the worker was away is done when it is back; a machine that died meanwhile has
        // failed.
        fleet.node("one").kill();
        fleet.delete("/bunkers/" + bunkers.get(0)).data();
        killMachineOf(bunkers.get(1));
        fleet.startWorker("one");
        awaitStatus(bunkers.get(0), "terminated");
        assertThat(awaitStatus(bunkers.get(1), "failed").encode()).contains("WORKER_LOST");
        bunkers.subList(2, 4).forEach(this::assertAnswers);
        assertThat(fleet.machines("one")).hasSize(2);
    }

    private void assertAnswers(String bunker) {
        ApiClient.Answer answer = eventually(
                bunker + " answers",
                Duration.ofSeconds(20),
                () -> fleet.post(
                        "/bunkers/" + bunker + "/exec",
                        new JsonObject().put("command", new JsonArray(List.of("/bin/answer")))),
                told -> told.status() == 200);
        assertThat(answer.data().getString("stdout")).isEqualTo("42\n");
        assertThat(fleet.get("/bunkers/" + bunker).data().getString("status")).isEqualTo("running");
    }

    private void killMachineOf(String bunker) {
        fleet.machines("one").stream()
                .flatMap(pid -> ProcessHandle.of(pid).stream())
                .filter(machine -> machine.info().commandLine().orElse("").contains(bunker))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private JsonObject awaitStatus(String bunker, String status) {
        return eventually(
                bunker + " is " + status,
                Duration.ofSeconds(40),
                () -> fleet.get("/bunkers/" + bunker).data(),
                row -> status.equals(row.getString("status")));
    }

    @Test
    void theBunkersOfAWorkerThatDoesNotReturnAreGivenUpAndEndedIfItDoesAfterAll() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        String bunker = runningBunker();
        Set<Long> machines = fleet.machines("one");
        assertThat(machines).hasSize(1);

        fleet.node("one").kill();
        Instant killed = Instant.now();

        assertThat(awaitStatus(bunker, "failed").encode()).contains("WORKER_LOST");
        assertThat(Duration.between(killed, Instant.now())).isLessThan(Duration.ofSeconds(30));
        assertThat(fleet.machines("one")).isEqualTo(machines);
        fleet.startWorker("one");

        eventually(() -> assertThat(fleet.machines("one")).isEmpty());
        eventually(() -> assertThat(fleet.workerDir("one").resolve("bunkers")).isEmptyDirectory());
        eventually(
                () -> assertThat(fleet.get("/workers").list().getJsonObject(0).getJsonObject("allocated"))
                        .isEqualTo(new JsonObject()
                                .put("cpu_millicores", 0)
                                .put("memory_mb", 0)
                                .put("disk_mb", 0)));
    }

    @Test
    void aPersistentBunkerComesBackWithWhatItWrote() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        String bunker = runningBunker(new JsonObject().put("image", "small").put("lifecycle_mode", "persistent"));
        Set<Long> machines = fleet.machines("one");
        fleet.post(
                        "/bunkers/" + bunker + "/exec",
                        new JsonObject().put("command", new JsonArray(List.of("/bin/answer", "/kept"))))
                .data();

        killMachineOf(bunker);
        eventually(
                "another machine runs",
                BOOT,
                () -> fleet.machines("one"),
                now -> !now.isEmpty() && !now.equals(machines));
        assertAnswers(bunker);

        // A host that was switched off: neither the worker nor the machine is left.
        fleet.node("one").kill();
        killMachineOf(bunker);
        eventually(() -> assertThat(fleet.machines("one")).isEmpty());
        fleet.startWorker("one");
        eventually("it runs again", BOOT, () -> fleet.machines("one"), now -> !now.isEmpty());
        assertAnswers(bunker);
        assertThat(fleet.post(
                                "/bunkers/" + bunker + "/exec",
                                new JsonObject().put("command", new JsonArray(List.of("/bin/answer", "/kept"))))
                        .data()
                        .getString("stdout"))
                .isEqualTo("again\n");
        fleet.delete("/bunkers/" + bunker).data();
        awaitStatus(bunker, "terminated");
        eventually(() -> assertThat(fleet.workerDir("one").resolve("bunkers")).isEmptyDirectory());
    }

    @Test
    void aPersistentBunkerIsStartedAgainAsItsPolicyHasIt() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        JsonObject wish = new JsonObject().put("image", "small").put("restart_policy", "on_failure");
        assertThat(fleet.post("/bunkers", wish).errorCode()).isEqualTo("VALIDATION_ERROR");
        String bunker = runningBunker(wish.put("lifecycle_mode", "persistent"));
        killMachineOf(bunker);
        eventually(
                bunker + " runs again",
                BOOT,
                () -> fleet.get("/bunkers/" + bunker).data(),
                row -> row.getInteger("restarts") == 1 && "running".equals(row.getString("status")));
        fleet.post(
                "/bunkers/" + bunker + "/exec",
                new JsonObject().put("command", new JsonArray(List.of("/bin/answer", "off"))));
        assertThat(awaitStatus(bunker, "terminated").getString("ended_reason")).isEqualTo("powered_off");
    }

    @Test
    void aBunkerStandsStillAndGoesOnAndEndsWhenItIsOldOrNotUsed() {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        String old = fleet.post(
                        "/bunkers", new JsonObject().put("image", "small").put("max_lifetime_s", 1))
                .data()
                .getString("id");
        assertThat(awaitStatus(old, "terminated").getString("ended_reason")).isEqualTo("lifetime");
        String unused = fleet.post(
                        "/bunkers", new JsonObject().put("image", "small").put("idle_timeout_s", 1))
                .data()
                .getString("id");
        assertThat(awaitStatus(unused, "terminated").getString("ended_reason")).isEqualTo("idle");

        String bunker = runningBunker();
        JsonObject row = fleet.get("/bunkers/" + bunker).data();
        assertThat(row.getString("expires_at")).isNotNull();
        assertThat(row.getJsonObject("boot").getInteger("kernel_ms")).isPositive();
        assertThat(row.getJsonObject("boot").getInteger("decide_ms")).isNotNull();
        fleet.post("/bunkers/" + bunker + "/pause", new JsonObject()).data();
        awaitStatus(bunker, "paused");
        assertThat(answer(bunker).errorCode()).isEqualTo("WRONG_STATE");
        fleet.node("one").kill();
        fleet.startWorker("one");
        assertThat(awaitStatus(bunker, "paused").getString("idle_since")).isNull();
        fleet.post("/bunkers/" + bunker + "/resume", new JsonObject()).data();
        awaitStatus(bunker, "running");
        assertThat(answer(bunker).data().getString("stdout")).isEqualTo("42\n");
        fleet.post("/bunkers/" + bunker + "/pause", new JsonObject()).data();
        awaitStatus(bunker, "paused");
        fleet.delete("/bunkers/" + bunker).data();
        assertThat(awaitStatus(bunker, "terminated").getString("ended_reason")).isEqualTo("deleted");
        assertThat(fleet.post("/bunkers/" + bunker + "/resume", new JsonObject())
                        .errorCode())
                .isEqualTo("WRONG_STATE");
    }

    private ApiClient.Answer answer(String bunker) {
        return fleet.post(
                "/bunkers/" + bunker + "/exec", new JsonObject().put("command", new JsonArray(List.of("/bin/answer"))));
    }

    @Test
    void whatABunkerHasWrittenIsAnImageThatOtherWorkersFetch() throws Exception {
        requireMachines();
        fleet.startWorker("two");
        fleet.group("one", "two");
        fleet.registerTar("base", images.resolve("base.tar"), 32);
        fleet.awaitRows("base", BAKE, "ready", "ready");
        String bunker = runningBunker(new JsonObject().put("image", "base"));
        byte[] written = new byte[300_000];
        new Random(9).nextBytes(written);
        file("PUT", bunker, "/data/written", written);
        file("DELETE", bunker, "/data/gone", new byte[0]);
        file("DELETE", bunker, "/data/replaced&recursive=true", new byte[0]);
        file("PUT", bunker, "/data/replaced/new", "new".getBytes(StandardCharsets.UTF_8));

        String first = ready(
                fleet.post("/bunkers/" + bunker + "/snapshot", new JsonObject()).data());
        assertThat(answer(bunker).data().getString("stdout")).isEqualTo("42\n");
        file("PUT", bunker, "/data/later", written);
        String second = image("second", first).getString("id");
        fleet.awaitRows("second", BAKE, "ready", "ready");
        assertThat(fetched(second)).as("bytes that came from the other worker").isBetween(300_000L, 3_000_000L);

        String born = runningBunker(new JsonObject().put("image", "second"));
        assertThat(file("GET", born, "/data/written", new byte[0])).isEqualTo(written);
        assertThat(file("GET", born, "/data/kept", new byte[0])).hasSize(8 << 20);
        assertThat(new String(file("GET", born, "/etc/hosts", new byte[0]), StandardCharsets.UTF_8))
                .as("its own name, not that of the bunker that was kept")
                .endsWith("127.0.1.1 " + born.replace('_', '-') + "\n");
        assertThat(names(born, "/data")).containsExactlyInAnyOrder("kept", "replaced", "written");
        assertThat(names(born, "/data/replaced")).containsExactly("new");
        assertThat(answer(born).data().getString("stdout")).isEqualTo("42\n");
        assertCopiesAreClean(2, "one", "two");

        // What is in use stays; what is not goes from the worker, too.
        assertThat(fleet.delete("/snapshots/" + first).errorCode()).isEqualTo("WRONG_STATE");
        fleet.post("/images/second/deactivate", new JsonObject()).data();
        assertThat(fleet.delete("/snapshots/" + first).data().getString("status"))
                .isEqualTo("deleted");
        assertThat(fleet.get("/snapshots").list()).isEmpty();
        eventually(() -> assertThat(snapshotsOn("one", "two")).isEmpty());

        // A paused one, which ends with it.
        fleet.post("/bunkers/" + bunker + "/pause", new JsonObject()).data();
        awaitStatus(bunker, "paused");
        JsonObject ending =
                fleet.delete("/bunkers/" + bunker + "?snapshot=true").data();
        ready(fleet.get("/snapshots/" + ending.getString("snapshot_id")).data());
        assertThat(awaitStatus(bunker, "terminated").getString("ended_reason")).isEqualTo("deleted");
        assertThat(snapshotsOn("one", "two")).containsExactly(ending.getString("snapshot_id"));
        assertThat(fleet.post("/bunkers/" + bunker + "/snapshot", new JsonObject())
                        .errorCode())
                .isEqualTo("WRONG_STATE");
    }

    @Test
    void aWorkerKilledWhileItTakesASnapshotLeavesNothingHalfMadeAndNoBunkerFrozen() throws Exception {
        requireMachines();
        fleet.group("one");
        fleet.registerTar("small", images.resolve("small.tar"), 16);
        fleet.awaitRows("small", BAKE, "ready");
        String bunker = runningBunker();
        file("PUT", bunker, "/data/file", new byte[20 << 20]);
        String snapshot = fleet.post("/bunkers/" + bunker + "/snapshot", new JsonObject())
                .data()
                .getString("id");
        eventually(
                "it is being taken",
                BOOT,
                () -> fleet.get("/snapshots/" + snapshot).data().getString("status"),
                status -> !status.equals("pending"));
        fleet.node("one").kill();
        fleet.startWorker("one");

        JsonObject row = eventually(
                "its fate is known",
                BOOT,
                () -> fleet.get("/snapshots/" + snapshot).data(),
                told -> Set.of("ready", "failed").contains(told.getString("status")));
        boolean kept = row.getString("status").equals("ready");
        assertThat(kept || row.getJsonObject("error").getString("code").equals("WORKER_LOST"))
                .as(row.encode())
                .isTrue();
        assertThat(snapshotsOn("one")).isEqualTo(kept ? List.of(snapshot) : List.of());
        assertAnswers(bunker);
        file("PUT", bunker, "/data/another", new byte[1 << 20]);
        ready(fleet.post("/bunkers/" + bunker + "/snapshot", new JsonObject()).data());
    }

    /** What the worker that did not bake an image took from the one that did, as it says. */
    private long fetched(String image) {
        Pattern told = Pattern.compile("fetched " + image + " as \\S+: ([0-9]+) bytes from others");
        return Stream.of("one", "two")
                .flatMap(worker -> told.matcher(fleet.node(worker).output()).results())
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .findFirst()
                .orElseThrow();
    }

    private String ready(JsonObject snapshot) {
        String id = snapshot.getString("id");
        JsonObject row = eventually(
                id + " is ready",
                BOOT,
                () -> fleet.get("/snapshots/" + id).data(),
                told -> Set.of("ready", "failed").contains(told.getString("status")));
        assertThat(row.getString("status")).as(row.encode()).isEqualTo("ready");
        assertThat(row.getLong("size_bytes")).isPositive();
        return id;
    }

    private JsonObject image(String name, String snapshot) {
        JsonObject source = new JsonObject().put("kind", "snapshot").put("snapshot_id", snapshot);
        return fleet.post(
                        "/images",
                        new JsonObject()
                                .put("name", name)
                                .put("size_mib", 32)
                                .put("default_memory_mb", 128)
                                .put("default_disk_mb", 64)
                                .put("build_source", source))
                .data();
    }

    private byte[] file(String method, String bunker, String path, byte[] body) {
        var answer = fleet.bytes(method, "/bunkers/" + bunker + "/files?path=" + path, body);
        assertThat(answer.statusCode())
                .as("%s %s: %s", method, path, new String(answer.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        return answer.body();
    }

    private List<String> names(String bunker, String directory) {
        return fleet.get("/bunkers/" + bunker + "/files/list?path=" + directory).data().getJsonArray("entries").stream()
                .map(entry -> ((JsonObject) entry).getString("name"))
                .toList();
    }

    private List<String> snapshotsOn(String... workers) {
        return Stream.of(workers)
                .flatMap(worker -> Stream.of(Objects.requireNonNull(
                        fleet.workerDir(worker).resolve("snapshots").toFile().list())))
                .toList();
    }

    @Test
    void theTutorialFromRegistrationToRetirement() {
        requireMachines();
        String group = fleet.group("one");
        JsonObject image = fleet.registerTar("small", images.resolve("small.tar"), 16);
        assertThat(image.getJsonObject("warm").getInteger("queued")).isEqualTo(1);
        assertThat(fleet.post("/bunkers", new JsonObject().put("image", "small"))
                        .errorCode())
                .isEqualTo("NO_SUITABLE_WORKER");
        fleet.awaitRows("small", BAKE, "ready");
        eventually(() -> assertThat(fleet.get("/images/small").data().getString("scan_status"))
                .isEqualTo("skipped"));

        String bunker = runningBunker();
        JsonObject result = fleet.post(
                        "/bunkers/" + bunker + "/exec",
                        new JsonObject().put("command", new JsonArray(List.of("/bin/answer"))))
                .data();
        assertThat(result.getString("stdout")).isEqualTo("42\n");
        assertThat(result.getInteger("exit_code")).isZero();

        assertFilesAndTerminals(bunker);
        assertHeldToItsProcessors(bunker);
        assertWhatACallerLeavesEnds(bunker);

        fleet.post("/images/small/deactivate", new JsonObject()).data();
        assertThat(fleet.post("/bunkers", new JsonObject().put("image", image.getString("id")))
                        .errorCode())
                .isEqualTo("IMAGE_DEACTIVATED");
        assertThat(fleet.post(
                                "/bunkers/" + bunker + "/exec",
                                new JsonObject().put("command", new JsonArray(List.of("/bin/answer"))))
                        .status())
                .isEqualTo(200);

        fleet.delete("/bunkers/" + bunker).data();
        eventually(
                "the bunker is gone",
                BOOT,
                () -> fleet.get("/bunkers/" + bunker).data().getString("status"),
                "terminated"::equals);
        fleet.awaitRows(image.getString("id"), BAKE, "evicted");
        assertThat(fleet.workerDir("one").resolve("copies")).isEmptyDirectory();
        assertThat(fleet.workerDir("one").resolve("bunkers")).isEmptyDirectory();
        assertThat(fleet.get("/availability-groups/" + group).status()).isEqualTo(200);
    }

    /** After any boot, as the kernel has it. */
    private void assertHeldToItsProcessors(String bunker) {
        JsonObject worker = fleet.get("/workers").list().getJsonObject(0);
        if (!worker.getJsonObject("capabilities").getJsonArray("enforced").contains("cpu")) {
            System.out.println("not looked at: processors are not held to here");
            return;
        }
        Path root = Path.of("/sys/fs/cgroup");
        boolean unified = Files.exists(root.resolve("cgroup.controllers"));
        Path group =
                (unified ? root : root.resolve("cpu")).resolve("scaibunker").resolve(bunker);
        int millicores = fleet.get("/bunkers/" + bunker).data().getInteger("cpu_millicores");
        assertThat(group.resolve(unified ? "cpu.max" : "cpu.cfs_quota_us"))
                .content()
                .startsWith(Integer.toString(millicores * 100));
    }

    /** Each command has a group of its own inside; the look itself is one. */
    private long commandsIn(String bunker) {
        return fleet
                .get("/bunkers/" + bunker + "/files/list?path=/sys/fs/cgroup")
                .data()
                .getJsonArray("entries")
                .stream()
                .filter(entry -> ((JsonObject) entry).getString("name").startsWith("scaibunker."))
                .count();
    }

    private void assertWhatACallerLeavesEnds(String bunker) {
        eventually("nothing runs but the look", BOOT, () -> commandsIn(bunker), count -> count == 1);
        byte[] body = new JsonObject()
                .put("command", new JsonArray(List.of("/bin/answer", "wait")))
                .put("timeout_s", 3600)
                .toBuffer()
                .getBytes();
        String head = "POST /v1/modules/scaibunker/bunkers/" + bunker
                + "/exec HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + fleet.key()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n";
        URI api = URI.create(fleet.url());
        try (Socket caller = new Socket(api.getHost(), api.getPort())) {
            caller.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            caller.getOutputStream().write(body);
            eventually("it runs", BOOT, () -> commandsIn(bunker), count -> count == 2);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        eventually("it is ended", BOOT, () -> commandsIn(bunker), count -> count == 1);
    }

    private void assertFilesAndTerminals(String bunker) {
        byte[] bytes = new byte[20 << 20];
        new Random(5).nextBytes(bytes);
        String file = "/bunkers/" + bunker + "/files?path=/data/file";
        assertThat(fleet.bytes("PUT", file, bytes).statusCode()).isEqualTo(200);
        assertThat(fleet.bytes("GET", file, new byte[0]).body()).isEqualTo(bytes);
        assertThat(fleet.get("/bunkers/" + bunker + "/files/list?path=/data")
                        .data()
                        .encode())
                .contains("\"name\":\"file\"")
                .contains("\"size\":" + bytes.length);
        assertThat(fleet.delete("/bunkers/" + bunker + "/files?path=/data&recursive=true")
                        .status())
                .isEqualTo(200);
        // Its disk has 64 MiB.
        assertThat(new String(fleet.bytes("PUT", file, new byte[90 << 20]).body(), StandardCharsets.UTF_8))
                .contains("FILE_CONFLICT")
                .contains("no space left");
        assertThat(fleet.terminal("/bunkers/" + bunker + "/shell?program=/bin/answer"))
                .startsWith("42\r\n{\"exit\":{\"exit_code\":0")
                .endsWith(" 1000");
        assertThat(fleet.terminal("/bunkers/" + bunker + "/shell"))
                .contains("1011could not be started")
                .contains("no such file");
        assertThat(fleet.get("/bunkers/" + bunker + "/logs").data().getString("console"))
                .contains("scaibunker-agent: ready");
    }

    @Test
    void aDatabaseThatIsAwayMakesAnswersThatSaySoAndNothingIsLost() {
        fleet.group("one");
        fleet.registerTar("before", images.resolve("small.tar"), 16);

        fleet.database().refuseConnections(true);
        ApiClient.Answer away = eventually(
                "the API says that it cannot now",
                Duration.ofSeconds(20),
                () -> fleet.get("/images"),
                answer -> answer.status() == 503);
        assertThat(away.errorCode()).isEqualTo("SERVICE_UNAVAILABLE");
        assertThat(away.body().getJsonObject("error").getInteger("retry_after")).isPositive();
        fleet.database().refuseConnections(false);

        fleet.awaitRows("before", BAKE, "ready");
        fleet.registerTar("after", images.resolve("small.tar"), 16);
        fleet.awaitRows("after", BAKE, "ready");
    }

    private void requireMachines() {
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
    }

    private String runningBunker() {
        return runningBunker(new JsonObject().put("image", "small"));
    }

    private String runningBunker(JsonObject wish) {
        String id = fleet.post("/bunkers", wish).data().getString("id");
        eventually(
                id + " runs",
                BOOT,
                () -> fleet.get("/bunkers/" + id).data(),
                row -> "running".equals(row.getString("status")));
        return id;
    }

    private void assertCopiesAreClean(String... workers) {
        assertCopiesAreClean(1, workers);
    }

    private void assertCopiesAreClean(int each, String... workers) {
        for (String worker : workers) {
            try (var copies = Files.newDirectoryStream(fleet.workerDir(worker).resolve("copies"), "*.ext4")) {
                int count = 0;
                for (Path copy : copies) {
                    SampleImages.run("/usr/sbin/e2fsck", "-fn", copy.toString());
                    count++;
                }
                assertThat(count).as("copies on " + worker).isEqualTo(each);
            } catch (Exception e) {
                throw new AssertionError(worker, e);
            }
        }
    }
}
