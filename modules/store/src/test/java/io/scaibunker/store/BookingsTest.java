package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.QuotaId;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Bookings.Before;
import io.scaibunker.store.Bookings.Beyond;
import io.scaibunker.store.Bookings.Booking;
import io.scaibunker.store.Bookings.Fate;
import io.scaibunker.store.Bookings.Outcome;
import io.scaibunker.store.Quotas.Bucket;
import io.scaibunker.store.Quotas.Caps;
import io.scaibunker.testkit.Seeds.Owner;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BookingsTest extends StoreFixture {
    private static final Room ONE = new Room(100, 10, 1);
    private static final String DIGEST = "sha256:" + "1".repeat(64);

    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private final UUID group = seeds.group(owner);

    BookingsTest() {
        seeds.addImage(group, image);
    }

    @Test
    void ofABatchAsManyAreBookedAsThereIsRoomForEachOnItsWorker() {
        var small = holder(250, 100, 10);
        var large = holder(1000, 100, 10);
        var batch = List.of(on(small), on(small), on(small), on(large), on(large));
        var outcomes = book(batch);
        assertThat(outcomes)
                .extracting(Outcome::fate)
                .containsExactly(Fate.BOOKED, Fate.BOOKED, Fate.FULL, Fate.BOOKED, Fate.BOOKED);
        assertThat(outcomes)
                .extracting(Outcome::id)
                .containsExactlyElementsOf(batch.stream().map(Booking::id).toList());
        assertThat(allocated(small)).isEqualTo(new Room(200, 20, 2));
        assertThat(allocated(large)).isEqualTo(new Room(200, 20, 2));
    }

    @Test
    void anOutcomeSaysHowTheWorkerStoodBeforeTheBatch() {
        var worker = holder(1000, 100, 10);
        book(List.of(on(worker)));
        assertThat(book(List.of(on(worker), on(worker))))
                .extracting(outcome -> outcome.before().map(Before::allocated))
                .containsOnly(Optional.of(ONE));
        var unknown = book(List.of(on(WorkerId.fresh()))).getFirst();
        assertThat(unknown.fate()).isEqualTo(Fate.ELSEWHERE);
        assertThat(unknown.before()).isEmpty();
    }

    @Test
    void aGuessThatIsNoLongerTrueIsRefusedAlone() {
        var good = holder(1000, 100, 10);
        var gone = holder(1000, 100, 10);
        server.execute("UPDATE image_cache SET wanted = false WHERE worker_id = '" + gone.value() + "'");
        var building = new WorkerId(seeds.worker());
        seeds.addWorker(group, building.value());
        var left = holder(1000, 100, 10);
        seeds.removeWorker(group, left.value());
        var lost = holder(1000, 100, 10);
        seeds.workerIs(lost.value(), "lost");
        var drained = holder(1000, 100, 10);
        Workers.drain(sql, drained, Optional.empty()).await();
        assertThat(book(List.of(on(gone), on(building), on(left), on(lost), on(drained), on(good))))
                .extracting(Outcome::fate)
                .containsExactly(
                        Fate.ELSEWHERE, Fate.ELSEWHERE, Fate.ELSEWHERE, Fate.ELSEWHERE, Fate.ELSEWHERE, Fate.BOOKED);
        seeds.deactivate(image);
        assertThat(book(List.of(on(good)))).extracting(Outcome::fate).containsExactly(Fate.DEACTIVATED);
    }

    @Test
    void aWorkerThatCannotGiveTheNetworkTakesNothingThatNeedsIt() {
        var worker = holder(1000, 100, 10);
        var wish = new JsonObject().put("network_profile", "unrestricted");
        assertThat(book(List.of(on(worker, wish)))).extracting(Outcome::fate).containsExactly(Fate.ELSEWHERE);
        server.execute("UPDATE workers SET network_profiles = '{isolated,unrestricted}'");
        assertThat(book(List.of(on(worker, wish)))).extracting(Outcome::fate).containsExactly(Fate.BOOKED);
    }

    @Test
    void aLazyImageGoesWhereThereIsNoCopyButNotToAnotherTenantsWorkers() {
        var lazy = seeds.lazyImage(owner);
        var free = new WorkerId(seeds.worker());
        var shared = new WorkerId(seeds.worker());
        seeds.addWorker(seeds.group(seeds.owner(), "platform", "all"), shared.value());
        var foreign = new WorkerId(seeds.worker());
        seeds.addWorker(seeds.group(seeds.owner()), foreign.value());
        assertThat(book(List.of(of(lazy, free), of(lazy, shared), of(lazy, foreign))))
                .extracting(Outcome::fate)
                .containsExactly(Fate.BOOKED, Fate.BOOKED, Fate.ELSEWHERE);
    }

    @Test
    void whatIsKnownIsSaidAgainAndTakesNoRoom() {
        var worker = holder(1000, 100, 10);
        var elsewhere = holder(1000, 100, 10);
        var first = on(worker);
        book(List.of(first));
        var again = book(List.of(on(elsewhere, first.id()))).getFirst();
        assertThat(again).returns(Fate.KNOWN, Outcome::fate).returns(worker, Outcome::workerId);
        assertThat(allocated(elsewhere)).isEqualTo(Room.NONE);
        assertThat(Bookings.known(sql, List.of(first.id(), BunkerId.fresh())).await())
                .containsOnlyKeys(first.id())
                .containsEntry(first.id(), worker);
    }

    @Test
    void aQuotaIsHeldInTheBatchAndAcrossBatchesAndSaysWhatWouldBePassed() {
        var worker = holder(10_000, 1000, 100);
        cap(Bucket.TENANT, Optional.empty(), Optional.empty(), caps(3));
        var outcomes = book(List.of(on(worker), on(worker), on(worker), on(worker)));
        assertThat(outcomes)
                .extracting(Outcome::fate)
                .containsExactly(Fate.BOOKED, Fate.BOOKED, Fate.BOOKED, Fate.AGAIN);
        var over = book(List.of(on(worker))).getFirst();
        assertThat(over.fate()).isEqualTo(Fate.TENANT);
        assertThat(over.beyond()).contains(new Beyond("bunkers", 3, 1, 3));
        assertThat(allocated(worker)).isEqualTo(new Room(300, 30, 3));

        Bunkers.end(sql, worker, outcomes.getFirst().id(), EndReason.DELETED).await();
        assertThat(book(List.of(on(worker)))).extracting(Outcome::fate).containsExactly(Fate.BOOKED);
    }

    @Test
    void eachResourceBoundsAndTheNearestProfileCounts() {
        var worker = holder(10_000, 1000, 100);
        var tenant = Optional.of(new TenantId(owner.tenant()));
        cap(Bucket.USER, Optional.empty(), Optional.empty(), caps(0));
        assertThat(book(List.of(on(worker))).getFirst().fate()).isEqualTo(Fate.USER);
        var cpu = new Caps(OptionalLong.empty(), OptionalLong.of(99), OptionalLong.empty(), OptionalLong.empty());
        cap(Bucket.USER, tenant, Optional.empty(), cpu);
        assertThat(book(List.of(on(worker))).getFirst().beyond()).contains(new Beyond("cpu_millicores", 0, 100, 99));
        var memory = new Caps(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.of(9), OptionalLong.of(0));
        cap(Bucket.USER, tenant, Optional.of(new UserId(owner.user())), memory);
        assertThat(book(List.of(on(worker))).getFirst().beyond()).contains(new Beyond("memory_mb", 0, 10, 9));
        var disk = new Caps(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.of(0));
        cap(Bucket.TENANT, tenant, Optional.empty(), disk);
        var both = book(List.of(on(worker))).getFirst();
        assertThat(both.fate()).isEqualTo(Fate.TENANT);
        assertThat(both.beyond()).contains(new Beyond("disk_mb", 0, 1, 0));
        assertThat(book(List.of(on(worker, seeds.neighbour(owner)))).getFirst().beyond())
                .contains(new Beyond("bunkers", 0, 1, 0));
    }

    @Test
    void manyBatchesAtOnceNeitherOverBookNorPassAQuota() {
        var workers = Stream.generate(() -> holder(1000, 1000, 1000)).limit(6).toList();
        cap(Bucket.TENANT, Optional.empty(), Optional.empty(), caps(50));
        var random = new Random(7);
        var batches = new ArrayList<Future<List<Outcome>>>();
        for (int i = 0; i < 20; i++) {
            var batch = new ArrayList<Booking>();
            for (int j = 0; j < 12; j++) {
                batch.add(on(workers.get(random.nextInt(workers.size()))));
            }
            Collections.shuffle(batch, random);
            batches.add(Bookings.book(sql, batch));
        }
        Future.all(batches).await();
        var booked = batches.stream()
                .flatMap(batch -> batch.result().stream())
                .filter(outcome -> outcome.fate() == Fate.BOOKED)
                .map(Outcome::id)
                .toList();
        assertThat(booked).hasSize(50).hasSize(new HashSet<>(booked).size());
        assertThat(workers)
                .allSatisfy(
                        worker -> assertThat(allocated(worker).cpuMillicores()).isLessThanOrEqualTo(1000));
        assertThat(text("SELECT sum(allocated_cpu_millicores)::text FROM workers"))
                .isEqualTo("5000");
        assertThat(Quotas.usage(sql, new TenantId(owner.tenant()), new UserId(owner.user()))
                        .await())
                .allSatisfy(usage -> assertThat(usage.bunkers()).isEqualTo(50));
    }

    private WorkerId holder(int cpu, int memory, int disk) {
        UUID worker = seeds.worker(cpu, memory, disk);
        seeds.addWorker(group, worker);
        seeds.ready(image, worker, DIGEST);
        return new WorkerId(worker);
    }

    private void cap(Bucket bucket, Optional<TenantId> tenant, Optional<UserId> user, Caps caps) {
        Quotas.insert(sql, new Quotas.Draft(QuotaId.fresh(), "q", bucket, tenant, user, caps))
                .await();
    }

    private static Caps caps(long bunkers) {
        return new Caps(OptionalLong.of(bunkers), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());
    }

    private List<Outcome> book(List<Booking> batch) {
        return Bookings.book(sql, batch).await();
    }

    private Booking on(WorkerId worker) {
        return on(worker, BunkerId.fresh());
    }

    private Booking on(WorkerId worker, BunkerId id) {
        return booking(id, owner, image, worker, new JsonObject());
    }

    private Booking on(WorkerId worker, JsonObject wish) {
        return booking(BunkerId.fresh(), owner, image, worker, wish);
    }

    private Booking on(WorkerId worker, Owner other) {
        return booking(BunkerId.fresh(), other, image, worker, new JsonObject());
    }

    private Booking of(UUID other, WorkerId worker) {
        return booking(BunkerId.fresh(), owner, other, worker, new JsonObject());
    }

    private static Booking booking(BunkerId id, Owner of, UUID from, WorkerId worker, JsonObject wish) {
        return new Booking(
                id,
                new TenantId(of.tenant()),
                new UserId(of.user()),
                "b",
                image(from),
                worker,
                ONE,
                wish,
                new JsonObject());
    }

    private Room allocated(WorkerId worker) {
        return Workers.find(sql, worker).await().orElseThrow().allocated();
    }
}
