package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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
        Files.createDirectories(tree.resolve("bin"));
        Path source = Files.writeString(images.resolve("answer.c"), """
                #include <fcntl.h>
                #include <stdio.h>
                #include <unistd.h>
                /* Says 42; of a file, whether it was there before, and makes it for good. */
                int main(int count, char **words) {
                    int there = count > 1 && open(words[1], O_CREAT | O_EXCL, 0644) < 0;
                    sync();
                    return puts(there ? "again" : "42") < 0;
                }
                """);
        assumeTrue(hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
        run("musl-gcc", "-static", "-Os", "-o", tree.resolve("bin/answer").toString(), source.toString());
        run("tar", "-C", tree.toString(), "-cf", images.resolve("small.tar").toString(), ".");
        // Bytes that do not compress and take a while to bake.
        try (OutputStream bulk = Files.newOutputStream(tree.resolve("bulk"))) {
            byte[] block = new byte[1 << 20];
            Random random = new Random(7);
            for (int i = 0; i < 100; i++) {
                random.nextBytes(block);
                bulk.write(block);
            }
        }
        run("tar", "-C", tree.toString(), "-cf", images.resolve("large.tar").toString(), ".");
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

    private Path copyOn(String worker) throws IOException {
        try (var copies = Files.newDirectoryStream(fleet.workerDir(worker).resolve("copies"), "*.ext4")) {
            return copies.iterator().next();
        }
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
        Fleet.Answer answer = eventually(
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
        Fleet.Answer away = eventually(
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
        for (String worker : workers) {
            try (var copies = Files.newDirectoryStream(fleet.workerDir(worker).resolve("copies"), "*.ext4")) {
                int count = 0;
                for (Path copy : copies) {
                    run("/usr/sbin/e2fsck", "-fn", copy.toString());
                    count++;
                }
                assertThat(count).as("copies on " + worker).isEqualTo(1);
            } catch (Exception e) {
                throw new AssertionError(worker, e);
            }
        }
    }

    static boolean hasProgram(String name) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(place -> Files.isExecutable(Path.of(place, name)));
    }

    static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
    }
}
