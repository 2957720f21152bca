package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Bookings.Booking;
import io.scaibunker.store.Bookings.Fate;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Bunkers.Sight;
import io.scaibunker.store.Bunkers.Wanted;
import io.scaibunker.testkit.Eventually;
import io.scaibunker.testkit.Seeds.Owner;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BunkersTest extends StoreFixture {
    private static final Room ONE = new Room(100, 10, 1);

    private final Owner owner = seeds.owner();
    private final UUID image = seeds.lazyImage(owner);
    private final WorkerId worker = worker(seeds.worker(1000, 100, 10));

    @Test
    void roomIsNeverBookedTwiceAndIsFilledToTheLast() {
        var orders =
                Stream.generate(() -> book(BunkerId.fresh(), ONE)).limit(40).toList();
        Future.all(orders).await();
        assertThat(orders.stream().filter(Future::result)).hasSize(10);
        assertThat(allocated()).isEqualTo("1000/100/10");
        assertThat(text("SELECT count(*)::text FROM bunkers")).isEqualTo("10");
    }

    @Test
    void eachPartOfTheRoomBounds() {
        for (Room ask : List.of(new Room(1001, 1, 1), new Room(1, 101, 1), new Room(1, 1, 11))) {
            assertThat(book(BunkerId.fresh(), ask).await()).isFalse();
        }
        assertThat(allocated()).isEqualTo("0/0/0");
    }

    @Test
    void ofEqualOrdersAtOnceOneIsBooked() {
        var id = BunkerId.fresh();
        var orders = Stream.generate(() -> book(id, ONE)).limit(20).toList();
        Future.all(orders).await();
        assertThat(orders.stream().filter(Future::result)).hasSize(1);
        assertThat(allocated()).isEqualTo("100/10/1");
    }

    @Test
    void anOrderThatWaitedForItsTwinIsNotBookedAgain() {
        var id = BunkerId.fresh();
        Promise<Void> commit = Promise.promise();
        Promise<Boolean> first = Promise.promise();
        Future<?> whole = database.inTransaction(
                connection -> book(connection, id, ONE).onComplete(first).compose(booked -> commit.future()));
        assertThat(first.future().await()).isTrue();
        Future<Boolean> second = book(id, ONE);
        Eventually.eventually(
                () -> assertThat(server.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
                        .isNotEmpty());
        commit.complete();
        whole.await();
        assertThat(second.await()).isFalse();
        assertThat(allocated()).isEqualTo("100/10/1");
    }

    @Test
    void nothingIsBookedWhereNothingIsTaken() {
        for (String status : List.of("joining", "draining", "lost")) {
            seeds.workerIs(worker.value(), status);
            assertThat(book(BunkerId.fresh(), ONE).await()).as(status).isFalse();
        }
        seeds.workerIs(worker.value(), "ready");
        assertThat(Workers.drain(sql, worker, Optional.empty()).await()).isTrue();
        assertThat(book(BunkerId.fresh(), ONE).await()).isFalse();
        assertThat(Workers.resume(sql, worker).await()).isTrue();
        seeds.deactivate(image);
        assertThat(book(BunkerId.fresh(), ONE).await()).isFalse();
        assertThat(allocated()).isEqualTo("0/0/0");
    }

    @Test
    void roomIsGivenBackOnceHoweverOftenItEnds() {
        var ids = booked(3);
        var ends = Stream.generate(() -> Bunkers.end(sql, worker, ids.getFirst(), EndReason.DELETED))
                .limit(10)
                .toList();
        Future.all(ends).await();
        assertThat(ends.stream().filter(Future::result)).hasSize(1);
        assertThat(allocated()).isEqualTo("200/20/2");
        assertThat(Bunkers.fail(sql, worker, ids.getFirst(), ErrorCode.INTERNAL, "late")
                        .await())
                .isFalse();
        assertThat(find(ids.getFirst()).failureCode()).isEmpty();
    }

    @Test
    void manyEndAtOnceAndAllTheirRoomIsFree() {
        booked(5);
        seeds.workerIs(worker.value(), "lost");
        var ends = Stream.generate(() -> Bunkers.failOfLost(sql, Duration.ZERO))
                .limit(6)
                .toList();
        Future.all(ends).await();
        assertThat(ends.stream().mapToInt(Future::result).sum()).isEqualTo(5);
        assertThat(allocated()).isEqualTo("0/0/0");
    }

    @Test
    void anotherWorkersReportChangesNothing() {
        var id = booked(1).getFirst();
        var other = worker(seeds.worker());
        String before = row("bunkers", "true");
        assertThat(Bunkers.move(sql, other, id, Sight.of(BunkerStatus.RUNNING, IncarnationId.fresh()))
                        .await())
                .isFalse();
        assertThat(Bunkers.end(sql, other, id, EndReason.DELETED).await()).isFalse();
        assertThat(row("bunkers", "true")).isEqualTo(before);
    }

    @Test
    void bunkersOfAWorkerAreGivenUpOnlyAfterALongSilenceAndPersistentOnesOnlyWhenTheirEndIsAsked() {
        var passing = booked(1).getFirst();
        var lasting = booked(1).getFirst();
        Sql.run(
                        sql,
                        "UPDATE bunkers SET wish = '{\"lifecycle_mode\":\"persistent\"}' WHERE id = :id",
                        Values.of("id", lasting.value()))
                .await();
        seeds.workerIs(worker.value(), "lost");
        seeds.heardBefore(worker.value(), 60);
        assertThat(Bunkers.failOfLost(sql, Duration.ofMinutes(2)).await()).isZero();
        assertThat(Bunkers.failOfLost(sql, Duration.ofSeconds(30)).await()).isEqualTo(1);
        assertThat(find(passing))
                .returns(BunkerStatus.FAILED, Bunker::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), Bunker::failureCode);
        assertThat(find(lasting).status()).isEqualTo(BunkerStatus.PENDING);
        Bunkers.askEnd(sql, lasting).await();
        assertThat(Bunkers.failOfLost(sql, Duration.ofSeconds(30)).await()).isEqualTo(1);
    }

    @Test
    void endingIsAskedOnceAndTheWorkerIsToldUntilItIsDone() {
        var id = booked(1).getFirst();
        assertThat(Bunkers.askEnd(sql, id).await()).isTrue();
        assertThat(Bunkers.askEnd(sql, id).await()).isFalse();
        assertThat(wanted().getFirst())
                .returns(BunkerIntent.END, Wanted::intent)
                .returns(2L, Wanted::generation);
        assertThat(Bunkers.workersToTell(sql).await()).containsExactly(worker);
        Bunkers.end(sql, worker, id, EndReason.DELETED).await();
        assertThat(wanted()).isEmpty();
        assertThat(Bunkers.workersToTell(sql).await()).isEmpty();
        assertThat(Bunkers.askEnd(sql, id).await()).isFalse();
    }

    @Test
    void aPauseIsAskedOfWhatRunsAndTheWorkerIsToldUntilItIsDone() {
        var id = booked(1).getFirst();
        var run = IncarnationId.fresh();
        assertThat(Bunkers.askPause(sql, id, true).await()).isFalse();
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.RUNNING, run)).await();
        assertThat(Bunkers.askPause(sql, id, false).await()).isFalse();
        assertThat(Bunkers.askPause(sql, id, true).await()).isTrue();
        assertThat(Bunkers.askPause(sql, id, true).await()).isFalse();
        assertThat(Bunkers.workersToTell(sql).await()).containsExactly(worker);
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.PAUSED, run)).await();
        assertThat(Bunkers.workersToTell(sql).await()).isEmpty();
        assertThat(Bunkers.askPause(sql, id, false).await()).isTrue();
        assertThat(Bunkers.workersToTell(sql).await()).containsExactly(worker);
        assertThat(Bunkers.askEnd(sql, id).await()).isTrue();
        assertThat(Bunkers.askPause(sql, id, true).await()).isFalse();
        assertThat(find(id).life().endedReason()).contains(EndReason.DELETED);
    }

    @Test
    void aLifetimeBeginsWithTheFirstStartAndEndsOnce() {
        var id = booked(1).getFirst();
        run(id, "wish = '{\"max_lifetime_s\": 3600}'");
        var incarnation = IncarnationId.fresh();
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.PROVISIONING, incarnation))
                .await();
        assertThat(find(id).life().expiresAt()).isEmpty();
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.RUNNING, incarnation))
                .await();
        var expires = find(id).life().expiresAt();
        assertThat(expires).isPresent();
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.PROVISIONING, incarnation))
                .await();
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.RUNNING, incarnation))
                .await();
        assertThat(find(id).life().expiresAt()).isEqualTo(expires);
        assertThat(find(id).life().restarts()).isEqualTo(1);
        assertThat(Bunkers.askEndOfExpired(sql).await()).isEmpty();
        run(id, "expires_at = now() - interval '1 second'");
        assertThat(Bunkers.askEndOfExpired(sql).await()).containsExactly(worker);
        assertThat(Bunkers.askEndOfExpired(sql).await()).isEmpty();
        assertThat(find(id).intent()).isEqualTo(BunkerIntent.END);
        assertThat(find(id).life().endedReason()).contains(EndReason.LIFETIME);
    }

    private void run(BunkerId id, String change) {
        Sql.run(sql, "UPDATE bunkers SET " + change + " WHERE id = :id", Values.of("id", id.value()))
                .await();
    }

    @Test
    void aRunningBunkerIsNoReasonToTellItsWorker() {
        var id = booked(1).getFirst();
        assertThat(Bunkers.workersToTell(sql).await()).containsExactly(worker);
        Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.RUNNING, IncarnationId.fresh()))
                .await();
        assertThat(Bunkers.workersToTell(sql).await()).isEmpty();
        assertThat(find(id).startedAt()).isPresent();
    }

    @Test
    void aWorkerIsToldWhatToBootFrom() {
        booked(2);
        assertThat(wanted()).extracting(Wanted::artifactDigest).containsOnly(Optional.empty());
        var digest = new Digest("sha256:" + "1".repeat(64));
        seeds.ready(image, worker.value(), digest.text());
        assertThat(wanted()).extracting(Wanted::artifactDigest).containsOnly(Optional.of(digest));
        var behind = Bunkers.wantedOf(
                        sql, worker, Optional.of(wanted().getFirst().id()), 10)
                .await();
        assertThat(behind).containsExactly(wanted().getLast());
    }

    @Test
    void aWorkerIsForgottenOnlyWhenItIsGoneAndRunsNothing() {
        var id = booked(1).getFirst();
        assertThat(Workers.forget(sql, worker).await()).isFalse();
        seeds.workerIs(worker.value(), "lost");
        assertThat(Workers.forget(sql, worker).await()).isFalse();
        Bunkers.failOfLost(sql, Duration.ZERO).await();
        assertThat(Workers.forget(sql, worker).await()).isTrue();
        assertThat(find(id).workerId()).isEqualTo(worker);
    }

    private List<BunkerId> booked(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    var id = BunkerId.fresh();
                    assertThat(book(id, ONE).await()).isTrue();
                    return id;
                })
                .toList();
    }

    private Future<Boolean> book(BunkerId id, Room room) {
        return book(sql, id, room);
    }

    private Future<Boolean> book(SqlClient client, BunkerId id, Room room) {
        Booking booking = new Booking(
                id,
                new TenantId(owner.tenant()),
                new UserId(owner.user()),
                "b",
                image(image),
                worker,
                room,
                new JsonObject().put("lifecycle_mode", "ephemeral"),
                new JsonObject());
        return Bookings.book(client, List.of(booking))
                .map(outcomes -> outcomes.getFirst().fate() == Fate.BOOKED);
    }

    private Bunker find(BunkerId id) {
        return Bunkers.find(sql, id).await().orElseThrow();
    }

    private List<Wanted> wanted() {
        return Bunkers.wantedOf(sql, worker, Optional.empty(), 100).await();
    }

    private String allocated() {
        return text("SELECT allocated_cpu_millicores || '/' || allocated_memory_mb || '/' || allocated_disk_mb"
                + " FROM workers WHERE id = '" + worker.value() + "'");
    }
}
