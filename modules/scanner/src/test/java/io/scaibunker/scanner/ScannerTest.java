package io.scaibunker.scanner;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Scan;
import io.scaibunker.store.Scans.Verdict;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.testkit.LostNudges;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScannerTest {
    private static final Duration RARELY = Duration.ofMinutes(1);
    private static final Duration OFTEN = Duration.ofMillis(50);
    private static final ScannerConfig CONFIG = new ScannerConfig(RARELY, Duration.ofMinutes(10), 2);
    private static final Verdict PASSED = new Verdict(ScanStatus.PASSED, null, null, "test");
    private static final Verdict FINDINGS = new Verdict(ScanStatus.FAILED, "FINDINGS", "3 critical", "test");
    private static final String DIGEST = "sha256:" + "1".repeat(64);

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Seeds seeds = Seeds.in(server);
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 4, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    private final Post post = new Post(vertx);
    private final Owner owner = seeds.owner();
    private final Queue<Promise<Verdict>> asked = new ConcurrentLinkedQueue<>();

    ScannerTest() {
        BusCodec.install(vertx.eventBus());
    }

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    @Test
    void withoutAScannerNothingPasses() {
        var oci = image();
        var tar = new ImageId(seeds.tarImage(owner, "/srv/images/rootfs.tar"));
        open(RARELY);
        eventually(() -> {
            assertThat(find(oci))
                    .returns(ScanStatus.FAILED, Scan::status)
                    .returns(Optional.of("SCANNER_MISSING"), Scan::reason);
            assertThat(find(tar)).returns(ScanStatus.SKIPPED, Scan::status).returns(Optional.empty(), Scan::reason);
        });
        assertThat(find(oci).finishedAt()).isPresent();
        assertThat(find(tar).message()).isPresent();
    }

    @Test
    void aNudgeStartsAScanAtOnce() {
        open(RARELY);
        var image = image();
        post.nudge(new Nudge.ScanAsked(image));
        eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
    }

    @Test
    void withEveryNudgeLostTheSweepStillDoesAll() {
        var unwanted = image();
        var worker = seeds.worker();
        seeds.ready(unwanted.value(), worker, DIGEST);
        try (var nudges = LostNudges.on(vertx)) {
            open(OFTEN);
            var image = image();
            post.nudge(new Nudge.ScanAsked(image));
            eventually(() -> assertThat(find(image).status()).isEqualTo(ScanStatus.FAILED));
            eventually(() -> assertThat(wanted(unwanted)).isFalse());
            eventually(() -> assertThat(nudges.count()).isGreaterThan(1));
        }
    }

    @Test
    void aScanAskedAgainWhileOneRunsIsTheOneThatCounts() {
        var image = image();
        Future<?> round = scanner(this::later).drain();
        eventually(() -> assertThat(asked).hasSize(1));
        Scans.askAgain(database.client(), image).await();
        asked.remove().complete(PASSED);
        eventually(() -> assertThat(asked).hasSize(1));
        assertThat(find(image).status()).isEqualTo(ScanStatus.PENDING);
        asked.remove().complete(FINDINGS);
        round.await();
        assertThat(find(image)).returns(ScanStatus.FAILED, Scan::status).returns(Optional.of("FINDINGS"), Scan::reason);
    }

    @Test
    void aDeadScannersWorkIsTakenUpWhenItsLeaseHasEnded() {
        var image = image();
        scanner(this::later).drain();
        eventually(() -> assertThat(asked).hasSize(1));
        var other = scanner(scanned -> Future.succeededFuture(PASSED));
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PENDING);

        server.execute("UPDATE scans SET lease_until = now() - interval '1 second'");
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
        asked.remove().complete(FINDINGS);
        other.drain().await();
        assertThat(find(image).status()).isEqualTo(ScanStatus.PASSED);
    }

    @Test
    void theVerdictBeforeIsSeenWhileANewOneIsPending() {
        var image = image();
        scanner(scanned -> Future.succeededFuture(FINDINGS)).drain().await();
        Scans.askAgain(database.client(), image).await();
        Future<?> round = scanner(this::later).drain();
        eventually(() -> assertThat(asked).hasSize(1));
        assertThat(find(image).status()).isEqualTo(ScanStatus.PENDING);
        assertThat(find(image).previous().orElseThrow().getString("reason")).isEqualTo("FINDINGS");
        asked.remove().complete(PASSED);
        round.await();
        assertThat(find(image)).returns(ScanStatus.PASSED, Scan::status).returns(Optional.empty(), Scan::previous);
    }

    @Test
    void anEngineThatBreaksIsAFailedScanAndStopsNoOther() {
        var broken = image();
        var told = image();
        var fine = image();
        scanner(scanned -> {
                    if (scanned.equals(broken)) {
                        throw new IllegalStateException("inner words");
                    }
                    return scanned.equals(told)
                            ? Future.failedFuture(new PlatformException(ErrorCode.SOURCE_AUTH, "no access"))
                            : Future.succeededFuture(PASSED);
                })
                .drain()
                .await();
        assertThat(find(broken))
                .returns(ScanStatus.FAILED, Scan::status)
                .returns(Optional.of("INTERNAL"), Scan::reason)
                .returns(Optional.of("an error of the scanner itself"), Scan::message);
        assertThat(find(told))
                .returns(Optional.of("SOURCE_AUTH"), Scan::reason)
                .returns(Optional.of("no access"), Scan::message);
        assertThat(find(fine).status()).isEqualTo(ScanStatus.PASSED);
    }

    @Test
    void moreScansThanSlotsAllGetTheirTurnAndEachOnlyOne() {
        for (int i = 0; i < 7; i++) {
            image();
        }
        AtomicInteger scanned = new AtomicInteger();
        ScanEngine counting = image -> {
            scanned.incrementAndGet();
            return Future.succeededFuture(PASSED);
        };
        Future.all(scanner(counting).drain(), scanner(counting).drain()).await();
        assertThat(scanned).hasValue(7);
        assertThat(server.rows("SELECT DISTINCT status FROM scans")).containsExactly(Map.of("status", "passed"));
    }

    @Test
    void noMoreScansRunThanThereAreSlots() {
        for (int i = 0; i < 5; i++) {
            image();
        }
        Future<?> round = scanner(this::later).drain();
        for (int left = 5; left > 0; left -= 2) {
            int running = Math.min(2, left);
            eventually(() -> assertThat(asked).hasSize(running));
            while (!asked.isEmpty()) {
                asked.remove().complete(PASSED);
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
        var image = image();
        seeds.ready(image.value(), worker, DIGEST);
        var before = server.rows("SELECT * FROM image_cache");
        scanner(this::later).release().await();
        assertThat(server.rows("SELECT * FROM image_cache")).isEqualTo(before);
    }

    private void open(Duration sweep) {
        vertx.deployVerticle(new ScannerVerticle(new ScannerConfig(sweep, Duration.ofMinutes(10), 2), database))
                .await();
    }

    private ImageScanner scanner(ScanEngine engine) {
        return new ImageScanner(CONFIG, database, post, engine);
    }

    /** An engine that answers when the test does. */
    private Future<Verdict> later(ImageId image) {
        Promise<Verdict> verdict = Promise.promise();
        asked.add(verdict);
        return verdict.future();
    }

    private ImageId image() {
        return new ImageId(seeds.image(owner));
    }

    private ImageId held(UUID group, UUID... workers) {
        var image = image();
        seeds.addImage(group, image.value());
        for (UUID worker : workers) {
            seeds.ready(image.value(), worker, DIGEST);
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
