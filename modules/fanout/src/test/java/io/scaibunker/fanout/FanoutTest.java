package io.scaibunker.fanout;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.RegistryCredential;
import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.CopiesWanted;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.CopyReported;
import io.scaibunker.bus.Question.CredentialWanted;
import io.scaibunker.bus.Question.DigestFound;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.LaidSegment;
import io.scaibunker.bus.Question.Layout;
import io.scaibunker.bus.Question.TurnWanted;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.RegistryCredentials;
import io.scaibunker.store.RegistryCredentials.Credential;
import io.scaibunker.store.SecretBox;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.store.Viewer;
import io.scaibunker.store.Workers;
import io.scaibunker.store.Workers.Beat;
import io.scaibunker.testkit.LostNudges;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The room as workers meet it: by questions, reports and nudges, on real rows. */
class FanoutTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration RARELY = Duration.ofMinutes(1);
    private static final Duration OFTEN = Duration.ofMillis(50);
    private static final Digest DIGEST = new Digest("sha256:" + "1".repeat(64));
    private static final Digest SOURCE = new Digest("sha256:" + "2".repeat(64));
    private static final Copy COPY = new Copy(DIGEST, 64 << 20, 12345, 678, SOURCE, "mke2fs 1.47.0");

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Seeds seeds = Seeds.in(server);
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 8, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    private final SecretBox secrets = SecretBox.fresh();
    private final Post post = new Post(vertx);
    private final Owner owner = seeds.owner();
    private final ImageId image = new ImageId(seeds.image(owner));
    private final UUID group = seeds.group(owner);

    FanoutTest() {
        BusCodec.install(vertx.eventBus());
        seeds.addImage(group, image.value());
    }

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    /** A worker as the room hears it. */
    private final class Worker {
        private final WorkerId id = new WorkerId(seeds.worker());
        private final AtomicInteger told = new AtomicInteger();
        private IncarnationId run = IncarnationId.fresh();

        Worker() {
            Post ears = new Post(vertx);
            ears.heed(Nudge.CopiesChanged.addressOf(id), told::incrementAndGet);
            ears.open().await();
        }

        Worker inGroup() {
            seeds.addWorker(group, id.value());
            return this;
        }

        /** A new run of the process beats. */
        void restarts() {
            run = IncarnationId.fresh();
            Workers.beat(
                            database.client(),
                            new Beat(
                                    id,
                                    run,
                                    "w",
                                    new Room(1, 1, 1),
                                    0,
                                    "127.0.0.1:1",
                                    "qemu",
                                    "tcg",
                                    "",
                                    Map.of(),
                                    Map.of(),
                                    WorkerAbilities.UNKNOWN,
                                    Optional.empty()))
                    .await();
        }

        List<WantedCopy> asks() {
            return post.ask(new CopiesWanted(id, null), LIMIT).await().copies();
        }

        boolean reports(WantedCopy row, CacheStatus status) {
            return reports(
                    row,
                    status,
                    status == CacheStatus.BUILDING ? CachePhase.BAKING : null,
                    status == CacheStatus.READY ? COPY : null,
                    null);
        }

        /** It is the one that bakes. */
        void takesTurn(WantedCopy row) {
            var asked = new TurnWanted(id, run, row.imageId(), row.generation(), "w", false);
            assertThat(post.ask(asked, LIMIT).await().kind()).isEqualTo(Turn.Kind.BAKE);
        }

        boolean fails(WantedCopy row, ErrorCode code) {
            return reports(row, CacheStatus.FAILED, null, null, new Failure(code, "could not"));
        }

        boolean reports(WantedCopy row, CacheStatus status, CachePhase phase, Copy copy, Failure failure) {
            var report = new CopyReported(id, run, row.imageId(), row.generation(), status, phase, copy, failure, null);
            return post.ask(report, LIMIT).await().current();
        }

        boolean hasBaked(WantedCopy row, Layout layout) {
            var report = new CopyReported(
                    id, run, row.imageId(), row.generation(), CacheStatus.READY, null, COPY, null, layout);
            return post.ask(report, LIMIT).await().current();
        }

        CacheRow row() {
            return ImageCache.of(database.client(), image).await().stream()
                    .filter(row -> row.workerId().equals(id))
                    .findFirst()
                    .orElseThrow();
        }

        /** Waits until the image's row is there, and asks for it. */
        WantedCopy wanted() {
            eventually(() -> assertThat(asks()).isNotEmpty());
            return asks().getFirst();
        }
    }

    @Test
    void anImageIsMadeByEveryWorkerOfItsGroup() {
        var first = new Worker().inGroup();
        var second = new Worker().inGroup();
        open(RARELY);
        post.nudge(new Nudge.ImageRegistered(image));
        eventually(() -> {
            assertThat(first.told).hasPositiveValue();
            assertThat(second.told).hasPositiveValue();
        });
        assertThat(first.asks())
                .containsExactly(new WantedCopy(
                        image,
                        1,
                        CacheStatus.PENDING,
                        true,
                        new BuildSource.Oci("registry.test/image:1", "linux/amd64"),
                        64,
                        null,
                        null,
                        false));

        for (Worker worker : List.of(first, second)) {
            var row = worker.wanted();
            assertThat(pin(worker, SOURCE)).isEqualTo(SOURCE);
            assertThat(worker.reports(row, CacheStatus.BUILDING)).isTrue();
            assertThat(worker.row()).returns(Optional.of(CachePhase.BAKING), CacheRow::phase);
            assertThat(worker.reports(row, CacheStatus.READY)).isTrue();
            assertThat(worker.row())
                    .returns(CacheStatus.READY, CacheRow::status)
                    .returns(Optional.of(12345L), CacheRow::artifactBytes);
        }
        assertThat(first.asks().getFirst())
                .returns(DIGEST, WantedCopy::artifactDigest)
                .returns(SOURCE, WantedCopy::pinned);
        assertThat(count("artifacts")).isEqualTo(1);
    }

    @Test
    void howTheBakerHasLaidItOutIsKeptAndOthersDoNotChangeIt() {
        var baker = new Worker().inGroup();
        var fetcher = new Worker().inGroup();
        open(RARELY);
        var layout =
                new Layout(List.of(new LaidSegment(SOURCE, 8192, 4096, true), new LaidSegment(null, 0, 0, false)), 3);
        assertThat(baker.hasBaked(baker.wanted(), layout)).isTrue();
        assertThat(fetcher.reports(fetcher.wanted(), CacheStatus.READY)).isTrue();
        assertThat(baker.hasBaked(baker.asks().getFirst(), new Layout(List.of(), 0)))
                .isTrue();

        var viewer = new Viewer(Scope.PLATFORM, new TenantId(owner.tenant()), new PartnerId(owner.partner()));
        assertThat(Artifacts.layout(database.client(), viewer, image).await())
                .contains(new Artifacts.Layout(
                        List.of(
                                new Artifacts.Segment(Optional.of(SOURCE), 8192, 4096, true, 0),
                                new Artifacts.Segment(Optional.empty(), 0, 0, false, 0)),
                        3));
    }

    @Test
    void whatIsAskedOrReportedTwiceIsTheSameAsOnce() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        assertThat(worker.asks()).isEqualTo(worker.asks());
        for (CacheStatus status : List.of(CacheStatus.BUILDING, CacheStatus.READY)) {
            assertThat(worker.reports(row, status)).isTrue();
            assertThat(worker.reports(row, status)).isTrue();
        }
        assertThat(worker.row()).returns(CacheStatus.READY, CacheRow::status).returns(1L, CacheRow::generation);
        assertThat(worker.reports(row, CacheStatus.BUILDING)).isFalse();
        assertThat(worker.fails(row, ErrorCode.INTERNAL)).isFalse();
        assertThat(worker.reports(row, CacheStatus.EVICTED)).isFalse();
    }

    @Test
    void aReportOfWhatWasWantedBeforeChangesNothing() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var earlier = worker.wanted();
        worker.fails(earlier, ErrorCode.SOURCE_AUTH);
        warm();
        assertThat(worker.reports(earlier, CacheStatus.BUILDING)).isFalse();
        assertThat(worker.reports(earlier, CacheStatus.READY)).isFalse();
        assertThat(worker.fails(earlier, ErrorCode.SOURCE_NOT_FOUND)).isFalse();
        assertThat(worker.row()).returns(CacheStatus.PENDING, CacheRow::status).returns(2L, CacheRow::generation);
        assertThat(worker.reports(worker.wanted(), CacheStatus.READY)).isTrue();
    }

    /** What one bake made of a source is what there is of it; other bytes are nobody's. */
    @Test
    void aCopyWithOtherBytesThanTheFleetsIsRefused() {
        var first = new Worker().inGroup();
        var second = new Worker().inGroup();
        open(RARELY);
        assertThat(first.reports(first.wanted(), CacheStatus.READY)).isTrue();
        var row = second.wanted();
        var other = new Copy(SOURCE, COPY.sizeBytes(), 1, 1, COPY.sourceDigest(), COPY.writer());
        var report = new CopyReported(
                second.id, second.run, image, row.generation(), CacheStatus.READY, null, other, null, null);
        assertThat(post.ask(report, LIMIT).await()).isEqualTo(new Answer.ReportTaken(false, true));
        assertThat(second.row())
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.INTERNAL), CacheRow::errorCode)
                .returns(Optional.empty(), CacheRow::artifactDigest);
        assertThat(second.row().errorMessage().orElseThrow()).contains(SOURCE.text(), DIGEST.text());
        assertThat(count("artifacts")).isEqualTo(1);
        assertThat(first.row()).returns(Optional.of(DIGEST), CacheRow::artifactDigest);
    }

    @Test
    void whatALateReportSaysIsNotKept() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var earlier = worker.wanted();
        worker.fails(earlier, ErrorCode.SOURCE_AUTH);
        warm();
        assertThat(worker.reports(earlier, CacheStatus.READY)).isFalse();
        assertThat(count("artifacts")).isZero();
    }

    /** Only those look again for whom there is something to find. */
    @Test
    void aReportWakesThoseWhoWaitForWhatItIsAbout() {
        var maker = new Worker().inGroup();
        var waiter = new Worker().inGroup();
        open(RARELY);
        var row = maker.wanted();
        maker.reports(row, CacheStatus.BUILDING);
        var its = waiter.wanted();
        assertThat(waiter.reports(its, CacheStatus.BUILDING, CachePhase.WAITING_FOR_PEER, null, null))
                .isTrue();
        var elsewhere = new Worker();
        UUID another = seeds.image(owner);
        UUID apart = seeds.group(owner);
        seeds.addImage(apart, another);
        seeds.addWorker(apart, elsewhere.id.value());
        post.nudge(new Nudge.CopiesAsked());
        var others = elsewhere.wanted();
        assertThat(elsewhere.reports(others, CacheStatus.BUILDING, CachePhase.WAITING_FOR_PEER, null, null))
                .isTrue();
        int before = waiter.told.get();
        int beforeElsewhere = elsewhere.told.get();

        // No lease was held, and nothing is ready: there is nothing new for anybody.
        maker.fails(row, ErrorCode.WORKER_DISK_FULL);
        server.execute(
                "UPDATE image_cache SET status = 'pending', error_code = NULL, error_message = NULL WHERE status = 'failed'");
        maker.reports(row, CacheStatus.READY);

        eventually(() -> assertThat(waiter.told).hasValue(before + 1));
        assertThat(elsewhere.told).hasValue(beforeElsewhere);
    }

    @Test
    void whatTheWorkerKnowsOfAFailureDecidesWhetherAndWhenItIsTriedAgain() {
        var never = new Worker().inGroup();
        var later = new Worker().inGroup();
        open(RARELY);
        assertThat(never.reports(
                        never.wanted(),
                        CacheStatus.FAILED,
                        null,
                        null,
                        new Failure(ErrorCode.SOURCE_UNREACHABLE, "denied by the operator", false, null)))
                .isTrue();
        assertThat(later.reports(
                        later.wanted(),
                        CacheStatus.FAILED,
                        null,
                        null,
                        new Failure(ErrorCode.SOURCE_RATE_LIMITED, "not now", true, 7200L)))
                .isTrue();
        server.execute("UPDATE image_cache SET next_try_at = next_try_at - interval '1 hour'");
        round();
        assertThat(never.row()).returns(CacheStatus.FAILED, CacheRow::status);
        assertThat(later.row()).returns(CacheStatus.FAILED, CacheRow::status);
        server.execute("UPDATE image_cache SET next_try_at = next_try_at - interval '1 hour'");
        round();
        assertThat(never.row()).returns(CacheStatus.FAILED, CacheRow::status);
        assertThat(later.row()).returns(CacheStatus.PENDING, CacheRow::status);
    }

    @Test
    void aReportThatLacksItsPartIsATroubleAndChangesNothing() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        for (CacheStatus status : List.of(CacheStatus.READY, CacheStatus.FAILED)) {
            var thrown =
                    catchThrowableOfType(PlatformException.class, () -> worker.reports(row, status, null, null, null));
            assertThat(thrown.code()).isEqualTo(ErrorCode.INTERNAL);
        }
        assertThat(worker.row().status()).isEqualTo(CacheStatus.PENDING);
    }

    @Test
    void ofTwoDigestsToldAtOnceOneIsPinnedForAll() {
        var first = new Worker().inGroup();
        var second = new Worker().inGroup();
        open(RARELY);
        var told = IntStream.range(0, 10)
                .mapToObj(i -> post.ask(
                        new DigestFound(i % 2 == 0 ? first.id : second.id, image, i % 2 == 0 ? DIGEST : SOURCE), LIMIT))
                .toList();
        Future.all(told).await();
        assertThat(told.stream().map(answer -> answer.result().digest()).distinct())
                .hasSize(1);
        assertThat(pin(second, SOURCE)).isEqualTo(pin(first, DIGEST));
        var unknown = catchThrowableOfType(
                PlatformException.class,
                () -> post.ask(new DigestFound(first.id, ImageId.fresh(), DIGEST), LIMIT)
                        .await());
        assertThat(unknown.code()).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
    }

    @Test
    void whatMayPassIsTriedAgainAfterItsPauseAndWhatWillNotWaitsForAWarm() {
        var unlucky = new Worker().inGroup();
        var refused = new Worker().inGroup();
        open(RARELY);
        assertThat(unlucky.fails(unlucky.wanted(), ErrorCode.SOURCE_UNREACHABLE))
                .isTrue();
        assertThat(refused.fails(refused.wanted(), ErrorCode.SOURCE_AUTH)).isTrue();
        assertThat(unlucky.row().errorMessage()).contains("could not");

        server.execute("UPDATE image_cache SET next_try_at = next_try_at - interval '1 hour'");
        int told = unlucky.told.get();
        post.nudge(new Nudge.CopiesAsked());
        eventually(() -> assertThat(unlucky.told).hasValueGreaterThan(told));
        assertThat(unlucky.row()).returns(CacheStatus.PENDING, CacheRow::status);
        assertThat(refused.row())
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.SOURCE_AUTH), CacheRow::errorCode);

        assertThat(warm()).isEqualTo(new WarmCounts(2, 0, 0, 0));
        assertThat(refused.wanted().status()).isEqualTo(CacheStatus.PENDING);
    }

    @Test
    void aWorkerThatDiesOverAndOverIsGivenUp() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        for (int i = 0; i < ImageCache.ATTEMPTS_MAX; i++) {
            worker.restarts();
            assertThat(worker.reports(row, CacheStatus.BUILDING)).isTrue();
        }
        round();
        assertThat(worker.row().status()).isEqualTo(CacheStatus.BUILDING);

        worker.restarts();
        assertThat(worker.reports(row, CacheStatus.BUILDING)).isFalse();
        round();
        assertThat(worker.row())
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), CacheRow::errorCode);
        assertThat(warm()).isEqualTo(new WarmCounts(1, 0, 0, 0));
        assertThat(worker.reports(worker.wanted(), CacheStatus.BUILDING)).isTrue();
    }

    @Test
    void aWorkerGivesBackWhatItHasNot() {
        var worker = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        worker.reports(row, CacheStatus.BUILDING);
        assertThat(worker.reports(row, CacheStatus.PENDING)).isTrue();
        worker.reports(row, CacheStatus.READY);
        assertThat(worker.reports(row, CacheStatus.PENDING)).isTrue();
        assertThat(worker.wanted())
                .returns(CacheStatus.PENDING, WantedCopy::status)
                .returns(null, WantedCopy::artifactDigest);
    }

    @Test
    void aDeactivatedImageIsLetGoOfWhileItIsMade() {
        var worker = new Worker().inGroup();
        var other = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        worker.reports(row, CacheStatus.BUILDING);
        int told = worker.told.get();
        seeds.deactivate(image.value());
        post.nudge(new Nudge.ImageDeactivated(image));
        eventually(() -> assertThat(worker.told).hasValueGreaterThan(told));
        assertThat(other.asks()).isEmpty();
        assertThat(other.row().status()).isEqualTo(CacheStatus.EVICTED);

        var unwanted = worker.wanted();
        assertThat(unwanted).returns(false, WantedCopy::wanted).returns(2L, WantedCopy::generation);
        assertThat(worker.reports(row, CacheStatus.READY)).isFalse();
        assertThat(worker.reports(unwanted, CacheStatus.BUILDING)).isFalse();
        assertThat(worker.reports(unwanted, CacheStatus.EVICTED)).isTrue();
        assertThat(worker.asks()).isEmpty();
    }

    @Test
    void aWorkerThatJoinsAGroupLaterIsAskedToo() {
        open(RARELY);
        var late = new Worker().inGroup();
        post.nudge(new Nudge.WorkerJoined(late.id));
        eventually(() -> assertThat(late.told).hasPositiveValue());
        assertThat(late.wanted().imageId()).isEqualTo(image);
    }

    @Test
    void everyPageFitsIntoOneMessageAndEachImageIsSeenOnce() {
        seeds.tarImages(owner, 500, "/" + "€".repeat(3999));
        var worker = new Worker();
        seeds.addWorker(seeds.group(owner, "tenant", "all"), worker.id.value());
        open(RARELY);
        eventually(() -> assertThat(count("image_cache")).isEqualTo(501));

        List<ImageId> seen = new ArrayList<>();
        ImageId after = null;
        do {
            var page = post.ask(new CopiesWanted(worker.id, after), LIMIT).await();
            Buffer wire = Buffer.buffer();
            new BusCodec().encodeToWire(wire, page);
            assertThat(wire.length()).isLessThan(BusCodec.BYTES_MAX);
            page.copies().forEach(copy -> seen.add(copy.imageId()));
            after = page.next();
        } while (after != null);
        assertThat(seen).hasSize(501).doesNotHaveDuplicates();
    }

    @Test
    void withEveryNudgeLostTheSweepStillDoesAll() {
        try (var nudges = LostNudges.on(vertx)) {
            open(OFTEN);
            var worker = new Worker().inGroup();
            var row = worker.wanted();
            worker.reports(row, CacheStatus.BUILDING);
            assertThat(worker.fails(row, ErrorCode.SOURCE_UNREACHABLE)).isTrue();
            server.execute("UPDATE image_cache SET next_try_at = now()");
            eventually(() -> assertThat(worker.row().status()).isEqualTo(CacheStatus.PENDING));
            assertThat(worker.reports(row, CacheStatus.READY)).isTrue();
            var pending = new Worker().inGroup();
            pending.wanted();
            eventually(() -> assertThat(nudges.count()).isPositive());
            seeds.deactivate(image.value());
            eventually(() -> assertThat(pending.asks()).isEmpty());
            assertThat(worker.told).hasValue(0);
        }
    }

    @Test
    void aCredentialIsForTheBakerAtItsGenerationAlone() {
        var tenant = new TenantId(owner.tenant());
        var kept = new Credential(Optional.of("ada"), Optional.of("secret"), Optional.empty());
        RegistryCredentials.put(database.client(), secrets, tenant, "registry.test", kept)
                .await();
        var worker = new Worker().inGroup();
        open(RARELY);
        var row = worker.wanted();
        assertThat(credential(worker.id, row, "registry.test")).isNull();
        worker.takesTurn(row);
        assertThat(credential(worker.id, row, "registry.test"))
                .isEqualTo(new RegistryCredential("ada", "secret", null));
        worker.reports(row, CacheStatus.BUILDING);
        assertThat(credential(worker.id, row, "registry.test")).isNotNull();
        assertThat(credential(worker.id, row, "other.test")).isNull();
        assertThat(credential(new WorkerId(seeds.worker()), row, "registry.test"))
                .isNull();
        worker.fails(row, ErrorCode.SOURCE_AUTH);
        assertThat(credential(worker.id, row, "registry.test")).isNull();
        warm();
        assertThat(credential(worker.id, row, "registry.test")).isNull();
        var again = worker.wanted();
        worker.takesTurn(again);
        assertThat(credential(worker.id, again, "registry.test")).isNotNull();
        worker.reports(again, CacheStatus.READY);
        assertThat(credential(worker.id, again, "registry.test")).isNull();
    }

    @Test
    void twoRoomsAtOnceDoTheWorkOfOne() {
        open(OFTEN);
        open(OFTEN);
        seeds.tarImages(owner, 50, "/srv/images/rootfs.tar");
        var all = seeds.group(owner, "tenant", "all");
        var workers = List.of(new Worker(), new Worker(), new Worker());
        workers.forEach(worker -> seeds.addWorker(all, worker.id.value()));
        post.nudge(new Nudge.CopiesAsked());
        eventually(() -> assertThat(count("image_cache")).isEqualTo(153));
        for (Worker worker : workers) {
            worker.asks().forEach(row -> {
                assertThat(row.generation()).isEqualTo(1);
                assertThat(worker.reports(row, CacheStatus.READY)).isTrue();
            });
        }
        assertThat(server.rows("SELECT DISTINCT status, generation FROM image_cache"))
                .containsExactly(Map.of("status", "ready", "generation", 1L));
    }

    private void open(Duration sweep) {
        vertx.deployVerticle(new FanoutVerticle(new FanoutConfig(sweep, Duration.ofSeconds(30)), database, secrets))
                .await();
    }

    /** One round of the room, all of it. */
    private void round() {
        new ImageFanout(database, post).drain().await();
    }

    private WarmCounts warm() {
        return ImageCache.askAgain(database.client(), image, Optional.empty()).await();
    }

    private Digest pin(Worker worker, Digest digest) {
        return post.ask(new DigestFound(worker.id, image, digest), LIMIT)
                .await()
                .digest();
    }

    private RegistryCredential credential(WorkerId worker, WantedCopy row, String host) {
        return post.ask(new CredentialWanted(worker, row.imageId(), row.generation(), host), LIMIT)
                .await()
                .credential();
    }

    private int count(String table) {
        return ((Long) server.rows("SELECT count(*) AS n FROM " + table)
                        .getFirst()
                        .get("n"))
                .intValue();
    }
}
