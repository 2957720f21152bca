package io.scaibunker.fanout;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.Turn.Kind;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.CopyReported;
import io.scaibunker.bus.Question.DigestFound;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.TurnWanted;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.store.Workers;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who bakes, who fetches and who waits, on real rows. */
class TurnDeskTest {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final Digest ARTIFACT = new Digest("sha256:" + "1".repeat(64));
    private static final Digest SOURCE = new Digest("sha256:" + "2".repeat(64));
    private static final Copy COPY = new Copy(ARTIFACT, 64L << 20, 12345, 678, SOURCE, "w-1");

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Seeds seeds = Seeds.in(server);
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 8, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    private final Owner owner = seeds.owner();
    private final ImageId image = new ImageId(seeds.image(owner));
    private final CopyReports reports;
    private int workers;

    TurnDeskTest() {
        BusCodec.install(vertx.eventBus());
        reports = new CopyReports(database, new Post(vertx), LEASE);
    }

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    private final class Worker {
        private final WorkerId id = new WorkerId(UUID.randomUUID());
        private final String address = "10.0.0.1:" + ++workers;
        private IncarnationId run = IncarnationId.fresh();

        Worker() {
            beats();
            // Twice: ready is who came back from looking whether machines run.
            beats();
        }

        void beats() {
            Workers.beat(
                            database.client(),
                            new Workers.Beat(
                                    id,
                                    run,
                                    "w",
                                    new Room(1, 1, 1),
                                    0,
                                    address,
                                    "qemu",
                                    "tcg",
                                    "",
                                    Map.of(),
                                    Map.of(),
                                    WorkerAbilities.UNKNOWN,
                                    Optional.empty()))
                    .await();
        }

        void restarts() {
            run = IncarnationId.fresh();
            beats();
        }

        Worker wants(ImageId... images) {
            for (ImageId one : images) {
                UUID group = seeds.group(owner);
                seeds.addImage(group, one.value());
                seeds.addWorker(group, id.value());
            }
            ImageCache.spreadAll(database.client()).await();
            // The choice of a favourite is for the first seconds.
            server.execute("UPDATE image_cache SET created_at = now() - interval '1 minute'");
            return this;
        }

        Turn turn(ImageId of, boolean peersFailed, Duration lease) {
            return new TurnDesk(database, lease)
                    .give(new TurnWanted(id, run, of, 1, "w-1", peersFailed))
                    .await();
        }

        Kind asks(ImageId of) {
            return turn(of, false, LEASE).kind();
        }

        void finds(ImageId of) {
            reports.pin(new DigestFound(id, of, SOURCE)).await();
        }

        void isReady(ImageId of) {
            assertThat(tells(of, CacheStatus.READY, COPY, null)).isTrue();
        }

        boolean tells(ImageId of, CacheStatus status, Copy copy, Failure failure) {
            return reports.take(new CopyReported(id, run, of, 1, status, null, copy, failure, null))
                    .await()
                    .current();
        }

        CacheRow row() {
            return ImageCache.of(database.client(), image).await().stream()
                    .filter(row -> row.workerId().equals(id))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void oneBakesTheOthersWaitAndThenFetchFromThoseThatHaveIt() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        var third = new Worker().wants(image);
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        assertThat(first.row()).returns(Optional.of(CachePhase.RESOLVING), CacheRow::phase);
        assertThat(second.asks(image)).isEqualTo(Kind.WAIT);
        assertThat(second.row())
                .returns(CacheStatus.BUILDING, CacheRow::status)
                .returns(Optional.of(CachePhase.WAITING_FOR_PEER), CacheRow::phase);
        first.finds(image);
        assertThat(second.asks(image)).isEqualTo(Kind.WAIT);
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        first.isReady(image);
        assertThat(second.turn(image, false, LEASE)).isEqualTo(new Turn(Kind.FETCH, COPY, List.of(first.address)));
        second.isReady(image);
        assertThat(third.turn(image, false, LEASE).sources()).containsExactlyInAnyOrder(first.address, second.address);
        // The one that has it is lost: the other is enough.
        seeds.workerIs(first.id.value(), "lost");
        assertThat(third.turn(image, false, LEASE).sources()).containsExactly(second.address);
        seeds.workerIs(second.id.value(), "lost");
        assertThat(third.asks(image)).isEqualTo(Kind.BAKE);
    }

    @Test
    void aBakeIsTakenOverWhenItsLeaseOrItsWorkerEnds() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        var third = new Worker().wants(image);
        assertThat(first.turn(image, false, Duration.ofSeconds(1)).kind()).isEqualTo(Kind.BAKE);
        assertThat(second.asks(image)).isEqualTo(Kind.WAIT);
        eventually(() -> assertThat(second.asks(image)).isEqualTo(Kind.BAKE));
        assertThat(first.asks(image)).isEqualTo(Kind.WAIT);
        second.restarts();
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        seeds.workerIs(first.id.value(), "lost");
        assertThat(third.asks(image)).isEqualTo(Kind.BAKE);
        assertThat(third.tells(image, CacheStatus.PENDING, null, null)).isTrue();
        assertThat(second.asks(image)).isEqualTo(Kind.BAKE);
    }

    @Test
    void aBakeThatGoesOnKeepsItsLease() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        assertThat(first.turn(image, false, Duration.ofSeconds(1)).kind()).isEqualTo(Kind.BAKE);
        assertThat(first.tells(image, CacheStatus.BUILDING, null, null)).isTrue();
        server.execute("SELECT pg_sleep(1.1)");
        assertThat(second.asks(image)).isEqualTo(Kind.WAIT);
    }

    /** Equal content is shared only with those whose own reference, asked with their own rights, named it. */
    @Test
    void anotherTenantsImageIsFetchedOnlyBehindItsOwnResolve() {
        ImageId others = new ImageId(seeds.image(seeds.owner()));
        var first = new Worker().wants(image);
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        first.finds(image);
        first.isReady(image);
        var second = new Worker().wants(others);
        assertThat(second.turn(others, false, LEASE)).isEqualTo(new Turn(Kind.BAKE, null, List.of()));
        second.finds(others);
        assertThat(second.turn(others, false, LEASE)).isEqualTo(new Turn(Kind.FETCH, COPY, List.of(first.address)));
    }

    @Test
    void twoImagesOfTheSameContentAreBakedOnce() {
        ImageId same = new ImageId(seeds.image(owner));
        var first = new Worker().wants(image);
        var second = new Worker().wants(same);
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        assertThat(second.asks(same)).isEqualTo(Kind.BAKE);
        first.finds(image);
        second.finds(same);
        assertThat(first.asks(image)).isEqualTo(Kind.BAKE);
        assertThat(second.asks(same)).isEqualTo(Kind.WAIT);
        first.isReady(image);
        assertThat(second.asks(same)).isEqualTo(Kind.FETCH);
    }

    @Test
    void whoReachesNobodyThatHasItBakesIt() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        first.asks(image);
        first.finds(image);
        first.isReady(image);
        assertThat(second.turn(image, true, LEASE).kind()).isEqualTo(Kind.BAKE);
    }

    /** Whether a group asks the keeper for it or not. */
    @Test
    void whatIsMadeOfASnapshotIsBakedWhereThatLiesAndByNobodyElse() {
        var keeper = new Worker();
        ImageId made = new ImageId(seeds.snapshotImage(owner, keeper.id.value()));
        var other = new Worker().wants(made);
        assertThat(other.asks(made)).isEqualTo(Kind.WAIT);
        seeds.workerIs(keeper.id.value(), "lost");
        assertThat(other.asks(made)).isEqualTo(Kind.STALE);
        assertThat(failureOf(other, made)).contains(ErrorCode.WORKER_LOST);
        seeds.workerIs(keeper.id.value(), "ready");
        ImageCache.retryDue(database.client()).await();
        assertThat(other.asks(made)).isEqualTo(Kind.WAIT);
        assertThat(keeper.asks(made)).isEqualTo(Kind.BAKE);
        keeper.finds(made);
        assertThat(other.asks(made)).isEqualTo(Kind.WAIT);
        keeper.isReady(made);
        assertThat(other.turn(made, false, LEASE)).isEqualTo(new Turn(Kind.FETCH, COPY, List.of(keeper.address)));
        assertThat(other.turn(made, true, LEASE).kind()).isEqualTo(Kind.WAIT);
        other.isReady(made);
        // From here on it is an image like others.
        seeds.workerIs(keeper.id.value(), "lost");
        var third = new Worker().wants(made);
        assertThat(third.asks(made)).isEqualTo(Kind.FETCH);
    }

    private Optional<ErrorCode> failureOf(Worker worker, ImageId of) {
        return ImageCache.on(database.client(), of, worker.id).await().flatMap(CacheRow::errorCode);
    }

    @Test
    void whatIsWrongWithTheSourceIsWrongForThoseThatWaitForIt() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        first.asks(image);
        second.asks(image);
        first.tells(image, CacheStatus.FAILED, null, new Failure(ErrorCode.SOURCE_AUTH, "denied"));
        assertThat(second.row())
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.SOURCE_AUTH), CacheRow::errorCode);
        assertThat(second.asks(image)).isEqualTo(Kind.STALE);
    }

    @Test
    void whatIsWrongWithOneWorkerIsNotWrongForTheOthers() {
        var first = new Worker().wants(image);
        var second = new Worker().wants(image);
        first.asks(image);
        second.asks(image);
        first.tells(image, CacheStatus.FAILED, null, new Failure(ErrorCode.WORKER_DISK_FULL, "full"));
        assertThat(second.asks(image)).isEqualTo(Kind.BAKE);
    }

    @Test
    void inTheFirstSecondsTheWorkerWithLeastToDoIsPreferred() {
        ImageId other = new ImageId(seeds.image(owner));
        var busy = new Worker().wants(other);
        assertThat(busy.asks(other)).isEqualTo(Kind.BAKE);
        busy.wants(image);
        var idle = new Worker().wants(image);
        server.execute("UPDATE image_cache SET created_at = now() + interval '1 minute'");
        assertThat(busy.asks(image)).isEqualTo(Kind.WAIT);
        assertThat(idle.asks(image)).isEqualTo(Kind.BAKE);
    }
}
