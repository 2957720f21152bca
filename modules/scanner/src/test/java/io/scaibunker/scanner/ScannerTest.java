package io.scaibunker.scanner;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.Settings;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Database;
import io.scaibunker.store.Findings;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Scan;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.testkit.LostNudges;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.scaibunker.vulns.Inventory;
import io.scaibunker.vulns.InventoryBuilder;
import io.scaibunker.vulns.InventoryJson;
import io.scaibunker.vulns.Policy;
import io.scaibunker.vulns.ScanOutcome;
import io.scaibunker.vulns.ScanReason;
import io.scaibunker.vulns.Scanner;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real rows, real advisories; what workers and, in some tests, the scanner say is the test's. */
class ScannerTest {
    private static final String RARELY = "1m";
    private static final String OFTEN = "50ms";
    private static final Digest BAKED = new Digest("sha256:" + "1".repeat(64));
    private static final Digest OTHER = new Digest("sha256:" + "2".repeat(64));

    @TempDir
    Path advisories;

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Seeds seeds = Seeds.in(server);
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 4, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    private final Post post = new Post(vertx);
    private final WorkerExecutor bench = vertx.createSharedWorkerExecutor("test", 4);
    private final Owner owner = seeds.owner();
    private final UUID worker = seeds.worker();

    /** What workers are asked, when they answer as the test wants. */
    private final Queue<Promise<byte[]>> asked = new ConcurrentLinkedQueue<>();

    private final AtomicInteger told = new AtomicInteger();

    ScannerTest() {
        BusCodec.install(vertx.eventBus());
    }

    @BeforeEach
    void anAdvisory() throws IOException {
        advise("CVE-2024-1", "3.0.11-1", "high");
    }

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    @Test
    void anImageWithAKnownVulnerabilityFailsAndOneWithoutPasses() {
        var sick = image(BAKED);
        var sound = image(OTHER);
        scanner(this::tells).drain().await();
        assertThat(find(sick))
                .returns(ScanStatus.FAILED, Scan::status)
                .returns(Optional.of("FINDINGS"), Scan::reason)
                .returns(Optional.of(BAKED), Scan::artifact);
        JsonObject report = find(sick).report().orElseThrow();
        assertThat(report.getJsonObject("counts").getInteger("high")).isEqualTo(1);
        assertThat(report.getJsonObject("coverage").getInteger("packages")).isEqualTo(1);
        assertThat(report.getJsonArray("database").getJsonObject(0).getInteger("records"))
                .isEqualTo(1);
        assertThat(found(BAKED)).containsExactly("CVE-2024-1 openssl 3.0.9-1 3.0.11-1");
        assertThat(find(sound)).returns(ScanStatus.PASSED, Scan::status).returns(Optional.empty(), Scan::reason);
        assertThat(found(OTHER)).isEmpty();
    }

    @Test
    void imagesThatShareAnArtifactAreReadOnce() {
        List<ImageId> images = List.of(image(BAKED), image(BAKED), image(BAKED));
        scanner(this::tells).drain().await();
        images.forEach(image -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
        scanner((holder, digest) -> Future.failedFuture("nobody is asked any more"))
                .drain()
                .await();
        Scans.askAgain(database.client(), images.getFirst()).await();
        scanner((holder, digest) -> Future.failedFuture("nobody is asked any more"))
                .drain()
                .await();
        assertThat(find(images.getFirst()).reason()).contains("FINDINGS");
    }

    @Test
    void whatWasNotBakedIsNotPassed() {
        var unasked = new ImageId(seeds.image(owner));
        var retired = new ImageId(seeds.image(owner));
        seeds.deactivate(retired.value());
        var building = new ImageId(seeds.image(owner));
        server.execute("INSERT INTO image_cache (image_id, worker_id) VALUES ('%s', '%s')"
                .formatted(building.value(), worker));
        scanner(this::tells).drain().await();
        assertThat(find(unasked))
                .returns(ScanStatus.FAILED, Scan::status)
                .returns(Optional.of("NOT_BAKED"), Scan::reason);
        assertThat(find(retired)).returns(ScanStatus.SKIPPED, Scan::status);
        assertThat(find(building)).returns(ScanStatus.PENDING, Scan::status);

        server.execute(
                "UPDATE image_cache SET status = 'failed', error_code = 'SOURCE_NOT_FOUND', error_message = 'gone'");
        scanner(this::tells).drain().await();
        assertThat(find(building).reason()).contains("SOURCE_NOT_FOUND");

        bake(unasked, BAKED);
        bake(building, OTHER);
        scanner(this::tells).drain().await();
        assertThat(find(unasked).reason()).contains("FINDINGS");
        assertThat(find(building).status()).isEqualTo(ScanStatus.PASSED);
    }

    @Test
    void whereNoWorkerTellsTheScanFailsAndIsTriedAgain() {
        var image = image(BAKED);
        scanner((holder, digest) -> Future.failedFuture(PlatformException.unavailable("the worker", null)))
                .drain()
                .await();
        assertThat(find(image))
                .returns(ScanStatus.FAILED, Scan::status)
                .returns(Optional.of("INVENTORY_MISSING"), Scan::reason);
        scanner(this::tells).drain().await();
        assertThat(find(image).reason()).as("not before its time").contains("INVENTORY_MISSING");
        server.execute("UPDATE scans SET next_try_at = now()");
        scanner(this::tells).drain().await();
        assertThat(find(image).reason()).contains("FINDINGS");
    }

    @Test
    void anInventoryThatIsNoneProvesNothing() {
        for (byte[] broken : List.of(new byte[0], new byte[] {1, 2, 3}, "{}".getBytes(StandardCharsets.UTF_8))) {
            var image = image(
                    new Digest("sha256:" + Integer.toHexString(broken.length).repeat(64)));
            scanner((holder, digest) -> Future.succeededFuture(broken)).drain().await();
            assertThat(find(image))
                    .returns(ScanStatus.FAILED, Scan::status)
                    .returns(Optional.of("INVENTORY_INCOMPLETE"), Scan::reason);
        }
    }

    /** Whatever a scanner breaks of, and wherever a gap is: through the whole room, nothing passes. */
    @ParameterizedTest
    @EnumSource(value = ScanReason.class, mode = EnumSource.Mode.EXCLUDE, names = "FINDINGS")
    void noFailureOfAScannerEndsInAPass(ScanReason reason) {
        var image = image(OTHER);
        scanner(this::tells, new Said(inventory -> new ScanOutcome.Broken("test", reason, "why")))
                .drain()
                .await();
        assertThat(find(image))
                .returns(ScanStatus.FAILED, Scan::status)
                .returns(Optional.of(reason.name()), Scan::reason)
                .returns(Optional.of("why"), Scan::message);
    }

    @Test
    void aScannerThatThrowsIsAFailedScanAndStopsNoOther() {
        var image = image(OTHER);
        scanner(this::tells, new Said(inventory -> {
                    throw new IllegalStateException("inner words");
                }))
                .drain()
                .await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED);
        assertThat(find(image).message().orElseThrow()).doesNotContain("inner words");
    }

    @Test
    void withoutAdvisoriesNothingPassesAndWithThemVerdictsComeByThemselves() throws IOException {
        Files.delete(advisories.resolve("Debian/one.json"));
        var image = image(OTHER);
        var scanner = scanner(this::tells);
        scanner.drain().await();
        assertThat(find(image).reason()).contains("DB_MISSING");
        advise("CVE-2024-1", "3.0.11-1", "high");
        rematch(judge()).drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
    }

    @Test
    void newAdvisoriesChangeTheVerdictsThatTheyChangeAndNoImageIsTouched() throws IOException {
        var sick = image(BAKED);
        var sound = image(OTHER);
        var judge = judge();
        scanner(this::tells).drain().await();
        var before = find(sick).finishedAt();
        told.set(0);

        advise("CVE-2024-2", "3.0.12-1", "high");
        rematch(judge).drain().await();

        assertThat(told).hasValue(0);
        assertThat(server.rows("SELECT body->>'scan_status' AS is FROM events WHERE kind = 'scan' AND subject = '"
                        + sound.value() + "' ORDER BY id"))
                .as("a changed verdict is an event")
                .extracting(row -> row.get("is"))
                .endsWith("passed", "failed");
        assertThat(find(sound)).returns(ScanStatus.FAILED, Scan::status).returns(Optional.of("FINDINGS"), Scan::reason);
        assertThat(found(BAKED)).hasSize(2);
        assertThat(found(OTHER)).containsExactly("CVE-2024-2 openssl 3.0.11-1 3.0.12-1");

        Files.delete(advisories.resolve("Debian/CVE-2024-2.json"));
        rematch(judge).drain().await();
        assertThat(find(sound).status()).isEqualTo(ScanStatus.PASSED);
        assertThat(found(BAKED)).hasSize(1);
        assertThat(find(sick).finishedAt()).isNotEqualTo(before);
        assertThat(find(sick).generation()).isEqualTo(1);
    }

    @Test
    void aVerdictThatStaysIsDatedAnewWithWhatIsKnownNow() throws IOException {
        var image = image(BAKED);
        scanner(this::tells).drain().await();
        advise("CVE-2024-3", "0.1", "high");
        rematch(judge()).drain().await();
        assertThat(find(image)
                        .report()
                        .orElseThrow()
                        .getJsonArray("database")
                        .getJsonObject(0)
                        .getInteger("records"))
                .isEqualTo(2);
        var rows = server.rows("SELECT * FROM scans");
        rematch(judge()).drain().await();
        assertThat(server.rows("SELECT * FROM scans")).isEqualTo(rows);
    }

    @Test
    void anotherPolicyIsAnotherBasis() {
        var image = image(BAKED);
        scanner(this::tells).drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED);
        var mild = config(RARELY, Map.of("scanner.threshold", "critical"));
        rematch(new Judge(mild.scanner(), mild.policy(), InstantSource.system()))
                .drain()
                .await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        var allowing = config(RARELY, Map.of("scanner.allow", "CVE-2024-1=2999-01-01"));
        rematch(new Judge(allowing.scanner(), allowing.policy(), InstantSource.system()))
                .drain()
                .await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        var expired = config(RARELY, Map.of("scanner.allow", "CVE-2024-1=2020-01-01"));
        rematch(new Judge(expired.scanner(), expired.policy(), InstantSource.system()))
                .drain()
                .await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED);
    }

    @Test
    void twoNodesWhoseAdvisoriesDifferDoNotTakeTurns() throws IOException {
        var image = image(BAKED);
        scanner(this::tells).drain().await();
        var mild = config(RARELY, Map.of("scanner.threshold", "critical"));
        var one = rematch(new Judge(mild.scanner(), mild.policy(), InstantSource.system()));
        var other = rematch(judge());
        one.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        server.execute("UPDATE rematches SET lease_until = now() - interval '1 second'");
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED);
    }

    @Test
    void aNudgeStartsAScanAtOnce() {
        open(RARELY);
        var image = image(BAKED);
        post.nudge(new Nudge.ScanAsked(image));
        eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
    }

    @Test
    void withEveryNudgeLostTheSweepStillDoesAll() throws IOException {
        var unwanted = new ImageId(seeds.image(owner));
        seeds.ready(unwanted.value(), worker, BAKED.text());
        try (var nudges = LostNudges.on(vertx)) {
            open(OFTEN);
            var image = image(OTHER);
            post.nudge(new Nudge.ScanAsked(image));
            eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED));
            eventually(() -> assertThat(wanted(unwanted)).isFalse());
            eventually(() -> assertThat(nudges.count()).isGreaterThan(1));
            advise("CVE-2024-2", "3.0.12-1", "high");
            eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
        }
    }

    @Test
    void aScanAskedAgainWhileOneRunsIsTheOneThatCounts() {
        var image = image(BAKED);
        Future<?> round = scanner(this::later).drain();
        eventually(() -> assertThat(asked).hasSize(1));
        Scans.askAgain(database.client(), image).await();
        asked.remove().complete(new byte[0]);
        eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
        round.await();
        assertThat(find(image).generation()).isEqualTo(2);
    }

    @Test
    void aDeadScannersWorkIsTakenUpWhenItsLeaseHasEnded() {
        var image = image(OTHER);
        Future<?> dead = scanner(this::later).drain();
        eventually(() -> assertThat(asked).hasSize(1));
        var other = scanner(this::tells);
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PENDING);

        server.execute("UPDATE scans SET lease_until = now() - interval '1 second'");
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        asked.remove().complete(inventory("3.0.9-1"));
        dead.await();
        assertThat(find(image).status()).as("a late verdict changes nothing").isEqualTo(ScanStatus.PASSED);
    }

    @Test
    void aScanThatKillsItsScannersIsGivenUp() {
        var image = image(BAKED);
        server.execute("UPDATE scans SET attempts = 8");
        scanner(this::tells).drain().await();
        assertThat(find(image).reason()).contains(ErrorCode.INTERNAL.name());
        Scans.askAgain(database.client(), image).await();
        scanner(this::tells).drain().await();
        assertThat(find(image).reason()).contains("FINDINGS");
    }

    @Test
    void theVerdictBeforeIsSeenWhileANewOneIsPending() {
        var image = image(BAKED);
        scanner(this::tells).drain().await();
        Scans.askAgain(database.client(), image).await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PENDING);
        JsonObject previous = find(image).previous().orElseThrow();
        assertThat(previous.getString("reason")).isEqualTo("FINDINGS");
        assertThat(previous.getJsonObject("counts").getInteger("high")).isEqualTo(1);
        scanner(this::tells).drain().await();
        assertThat(find(image)).returns(ScanStatus.FAILED, Scan::status).returns(Optional.empty(), Scan::previous);
    }

    @Test
    void moreScansThanSlotsAllGetTheirTurnAndEachOnlyOne() {
        for (int i = 0; i < 7; i++) {
            image(new Digest("sha256:" + Integer.toHexString(i).repeat(64)));
        }
        InventorySource sound = (holder, digest) -> {
            told.incrementAndGet();
            return Future.succeededFuture(inventory("3.0.11-1"));
        };
        Future.all(scanner(sound).drain(), scanner(sound).drain()).await();
        assertThat(told).hasValue(7);
        assertThat(server.rows("SELECT DISTINCT status FROM scans")).containsExactly(Map.of("status", "passed"));
    }

    @Test
    void noMoreScansRunThanThereAreSlots() {
        for (int i = 0; i < 5; i++) {
            image(new Digest("sha256:" + Integer.toHexString(i).repeat(64)));
        }
        Future<?> round = scanner(this::later).drain();
        for (int left = 5; left > 0; left -= 2) {
            int running = Math.min(2, left);
            eventually(() -> assertThat(asked).hasSize(running));
            while (!asked.isEmpty()) {
                asked.remove().complete(inventory("3.0.11-1"));
            }
        }
        round.await();
    }

    @Test
    void readyCopiesThatNobodyAsksForAreLetGoAndTheirWorkersAreToldOnce() {
        var group = seeds.group(owner);
        var worker = seeds.worker();
        var other = seeds.worker();
        seeds.addWorker(group, worker);
        seeds.addWorker(group, other);
        var kept = held(group, worker, other);
        var retired = held(group, worker);
        var left = held(group, worker);
        seeds.deactivate(retired.value());
        seeds.removeImage(group, left.value());
        AtomicInteger told = heed(worker);
        AtomicInteger spared = heed(other);

        var scanner = scanner(this::later);
        scanner.release().await();
        eventually(() -> assertThat(told).hasValue(1));
        assertThat(wanted(retired)).isFalse();
        assertThat(wanted(left)).isFalse();
        assertThat(wanted(kept)).isTrue();

        seeds.removeWorker(group, worker);
        scanner.release().await();
        eventually(() -> assertThat(told).hasValue(2));
        assertThat(ImageCache.wantedOf(database.client(), new WorkerId(other), Optional.empty(), 9)
                        .await())
                .hasSize(1)
                .allMatch(ImageCache.Wanted::wanted);
        assertThat(spared).hasValue(0);
    }

    @Test
    void nothingThatIsWantedIsLetGo() {
        var group = seeds.group(owner, "tenant", "all");
        var worker = seeds.worker();
        seeds.addWorker(group, worker);
        var image = new ImageId(seeds.image(owner));
        seeds.ready(image.value(), worker, BAKED.text());
        var before = server.rows("SELECT * FROM image_cache");
        scanner(this::later).release().await();
        assertThat(server.rows("SELECT * FROM image_cache")).isEqualTo(before);
    }

    private void open(String sweep) {
        vertx.deployVerticle(new ScannerVerticle(config(sweep, Map.of()), database, this::tells))
                .await();
    }

    private ScannerConfig config(String sweep, Map<String, String> more) {
        Map<String, String> values = new HashMap<>(more);
        values.put("scanner.sweep", sweep);
        values.put("scanner.database-dir", advisories.toString());
        return ScannerConfig.from(Settings.of(values));
    }

    private Judge judge() {
        ScannerConfig config = config(RARELY, Map.of());
        return new Judge(config.scanner(), config.policy(), InstantSource.system());
    }

    private ImageScanner scanner(InventorySource workers) {
        return scanner(workers, judge());
    }

    private ImageScanner scanner(InventorySource workers, Scanner said) {
        return scanner(workers, new Judge(said, Policy.DEFAULT, InstantSource.system()));
    }

    private ImageScanner scanner(InventorySource workers, Judge judge) {
        return new ImageScanner(
                config(RARELY, Map.of()), database, post, new StoredInventories(database, workers), judge, bench);
    }

    /** The re-match of a node that is the only one. */
    private Rematch rematch(Judge judge) {
        server.execute("DELETE FROM rematches");
        return new Rematch(database, judge, bench, Duration.ofMinutes(10), 1);
    }

    /** A scanner that says what the test wants. */
    private record Said(Function<Inventory, ScanOutcome> says) implements Scanner {
        @Override
        public ScanOutcome scan(Inventory inventory) {
            return says.apply(inventory);
        }

        @Override
        public String basis() {
            return "test";
        }
    }

    /** A worker whose artifacts hold an old OpenSSL, or a repaired one. */
    private Future<byte[]> tells(String holder, Digest artifact) {
        told.incrementAndGet();
        return Future.succeededFuture(inventory(artifact.equals(BAKED) ? "3.0.9-1" : "3.0.11-1"));
    }

    /** Workers that answer when the test does. */
    private Future<byte[]> later(String holder, Digest artifact) {
        Promise<byte[]> inventory = Promise.promise();
        asked.add(inventory);
        return inventory.future();
    }

    private static byte[] inventory(String openssl) {
        try {
            var builder = new InventoryBuilder();
            for (var file : Map.of(
                            "etc/os-release",
                            "ID=debian\nVERSION_ID=12\n",
                            "var/lib/dpkg/status",
                            "Package: openssl\nStatus: install ok installed\nVersion: " + openssl + "\n\n")
                    .entrySet()) {
                byte[] content = file.getValue().getBytes(StandardCharsets.UTF_8);
                builder.offer(file.getKey(), content.length, new ByteArrayInputStream(content));
            }
            return InventoryJson.pack(builder.build());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void advise(String id, String fixed, String urgency) throws IOException {
        Path folder = Files.createDirectories(advisories.resolve("Debian"));
        String file = id.equals("CVE-2024-1") ? "one.json" : id + ".json";
        Files.writeString(folder.resolve(file), """
                {"id":"DEBIAN-%1$s","modified":"2026-01-01T00:00:00Z","upstream":["%1$s"],"affected":[{"package":
                 {"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
                 {"fixed":"%2$s"}]}],"ecosystem_specific":{"urgency":"%3$s"}}]}
                """.formatted(id, fixed, urgency));
    }

    private List<String> found(Digest artifact) {
        return Findings.of(database.client(), artifact, Optional.empty(), Optional.empty(), 99).await().stream()
                .map(found -> found.id() + " " + found.shown().getString("source") + " "
                        + found.shown().getString("installed") + " "
                        + found.shown().getString("fixed"))
                .toList();
    }

    private ImageId image(Digest baked) {
        var image = new ImageId(seeds.image(owner));
        bake(image, baked);
        return image;
    }

    private void bake(ImageId image, Digest baked) {
        server.execute("DELETE FROM image_cache WHERE image_id = '%s'".formatted(image.value()));
        seeds.ready(image.value(), worker, baked.text());
        Artifacts.record(
                        database.client(),
                        image,
                        WorkerId.fresh(),
                        new Artifacts.Artifact(baked.hex(), baked, baked, 1, 1, 1))
                .await();
    }

    private ImageId held(UUID group, UUID... workers) {
        var image = new ImageId(seeds.image(owner));
        seeds.addImage(group, image.value());
        for (UUID worker : workers) {
            seeds.ready(image.value(), worker, BAKED.text());
        }
        return image;
    }

    private AtomicInteger heed(UUID worker) {
        AtomicInteger count = new AtomicInteger();
        Post ears = new Post(vertx);
        ears.heed(Nudge.CopiesChanged.addressOf(new WorkerId(worker)), count::incrementAndGet);
        ears.open().await();
        return count;
    }

    private Scan find(ImageId image) {
        return Scans.find(database.client(), image).await().orElseThrow();
    }

    /** Whether every copy of the image is wanted. */
    private boolean wanted(ImageId image) {
        List<ImageCache.CacheRow> rows = ImageCache.of(database.client(), image).await();
        assertThat(rows).isNotEmpty();
        return rows.stream().allMatch(ImageCache.CacheRow::wanted);
    }
}
