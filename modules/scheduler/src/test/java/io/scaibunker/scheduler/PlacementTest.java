package io.scaibunker.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImageStatus;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.scheduler.Placement.Ask;
import io.scaibunker.scheduler.Placement.Chosen;
import io.scaibunker.scheduler.Placement.Copy;
import io.scaibunker.scheduler.Placement.Decision;
import io.scaibunker.scheduler.Placement.Reason;
import io.scaibunker.scheduler.Placement.Refused;
import io.scaibunker.store.Candidates.Host;
import io.scaibunker.store.Candidates.Members;
import io.scaibunker.store.Candidates.Standing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlacementTest {
    private static final Room ASK = new Room(100, 100, 100);
    private static final ImageId IMAGE = ImageId.fresh();
    private static final TenantId TENANT = TenantId.fresh();
    private static final GroupId GROUP = GroupId.fresh();
    private static final Worker GOOD = new Worker(
            1,
            WorkerStatus.READY,
            WorkerIntent.SERVE,
            "tcg",
            "",
            new Room(1000, 1000, 1000),
            Room.NONE,
            true,
            CacheStatus.READY);

    /** A worker that a test changes in one place. */
    private record Worker(
            int id,
            WorkerStatus status,
            WorkerIntent intent,
            String acceleration,
            String zone,
            Room capacity,
            Room allocated,
            boolean member,
            CacheStatus copy) {
        Worker is(WorkerStatus other) {
            return new Worker(id, other, intent, acceleration, zone, capacity, allocated, member, copy);
        }

        Worker drained() {
            return new Worker(id, status, WorkerIntent.DRAIN, acceleration, zone, capacity, allocated, member, copy);
        }

        Worker runs(String other) {
            return new Worker(id, status, intent, other, zone, capacity, allocated, member, copy);
        }

        Worker in(String other) {
            return new Worker(id, status, intent, acceleration, other, capacity, allocated, member, copy);
        }

        Worker outside() {
            return new Worker(id, status, intent, acceleration, zone, capacity, allocated, false, copy);
        }

        Worker holds(CacheStatus other) {
            return new Worker(id, status, intent, acceleration, zone, capacity, allocated, member, other);
        }

        Worker taken(int cpu, int memory, int disk) {
            return new Worker(
                    id, status, intent, acceleration, zone, capacity, new Room(cpu, memory, disk), member, copy);
        }

        Worker called(int other) {
            return new Worker(other, status, intent, acceleration, zone, capacity, allocated, member, copy);
        }

        WorkerId workerId() {
            return PlacementTest.id(id);
        }

        Host host() {
            return new Host(
                    workerId(),
                    status,
                    intent,
                    acceleration,
                    zone,
                    Set.of(NetworkProfile.ISOLATED),
                    capacity,
                    allocated);
        }
    }

    static Stream<Arguments> passedOver() {
        return Stream.of(
                Arguments.of(Reason.LOST, GOOD.is(WorkerStatus.LOST).drained().outside()),
                Arguments.of(Reason.JOINING, GOOD.is(WorkerStatus.JOINING).holds(null)),
                Arguments.of(Reason.DRAINING, GOOD.is(WorkerStatus.DRAINING)),
                Arguments.of(Reason.DRAINING, GOOD.drained().taken(1000, 1000, 1000)),
                Arguments.of(Reason.OUT_OF_SCOPE, GOOD.outside()),
                Arguments.of(Reason.NO_MACHINES, GOOD.runs("none: /dev/kvm is missing")),
                Arguments.of(Reason.COPY_MISSING, GOOD.holds(null)),
                Arguments.of(Reason.COPY_MISSING, GOOD.holds(CacheStatus.EVICTED)),
                Arguments.of(Reason.COPY_PENDING, GOOD.holds(CacheStatus.PENDING)),
                Arguments.of(
                        Reason.COPY_BUILDING, GOOD.holds(CacheStatus.BUILDING).taken(1000, 0, 0)),
                Arguments.of(Reason.COPY_FAILED, GOOD.holds(CacheStatus.FAILED)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(901, 0, 0)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(0, 901, 0)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(0, 0, 901)));
    }

    @ParameterizedTest
    @MethodSource("passedOver")
    void aWorkerIsPassedOverForTheFirstReasonThatHolds(Reason reason, Worker worker) {
        Refused refused = (Refused) choose(worker);
        assertThat(refused.reasons()).extracting(FieldError::field).containsExactly(reason.word());
        assertThat(refused.code())
                .isEqualTo(reason == Reason.NO_ROOM ? ErrorCode.WORKER_UNAVAILABLE : ErrorCode.NO_SUITABLE_WORKER);
        assertThat(refused.worthWaiting()).isEqualTo(reason.word().startsWith("copy_"));
    }

    @Test
    void everyReasonIsTriedHere() {
        assertThat(Stream.concat(passedOver().map(row -> row.get()[0]), Stream.of(Reason.NO_NETWORK))
                        .distinct())
                .containsExactlyInAnyOrder(Arrays.stream(Reason.values()).toArray());
    }

    @Test
    void aWorkerThatCannotGiveTheNetworkIsPassedOver() {
        var fleet = fleet(false, GOOD);
        var ask = new Ask(BunkerId.fresh(), ASK, NetworkProfile.UNRESTRICTED);
        var refused = (Refused)
                Placement.choose(fleet, ask, fleet.standing(IMAGE).orElseThrow(), worker -> OptionalInt.empty());
        assertThat(refused.reasons()).extracting(FieldError::field).containsExactly("no_network");
    }

    @Test
    void aRefusalCountsTheWorkersByReasonInPlainWords() {
        var refused = (Refused) choose(
                GOOD.holds(CacheStatus.BUILDING),
                GOOD.holds(CacheStatus.BUILDING).called(2),
                GOOD.is(WorkerStatus.LOST).called(3));
        assertThat(refused)
                .isEqualTo(new Refused(
                        ErrorCode.NO_SUITABLE_WORKER,
                        "no worker that may take this has the image ready",
                        List.of(
                                new FieldError("lost", "1 worker is not heard any more"),
                                new FieldError("copy_building", "2 workers: each is making the image")),
                        OptionalInt.empty(),
                        true));
    }

    @Test
    void aRefusalSaysWhenTheFirstCopyMayBeReady() {
        var refused = (Refused) choose(
                false,
                Map.of(id(1), 40, id(2), 12)::get,
                GOOD.holds(CacheStatus.BUILDING),
                GOOD.holds(CacheStatus.BUILDING).called(2),
                GOOD.holds(CacheStatus.BUILDING).called(3));
        assertThat(refused.earliestS()).hasValue(12);
        assertThat(refused.reasons())
                .containsExactly(new FieldError(
                        "copy_building", "3 workers: each is making the image, the first is ready in about 12 s"));
    }

    @Test
    void whereOnlyRoomIsMissingTheRefusalSaysSo() {
        var refused = (Refused) choose(GOOD.taken(1000, 0, 0), GOOD.holds(null).called(2));
        assertThat(refused.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(refused.message()).isEqualTo("workers have the image ready, none has room for this");
        assertThat(refused.reasons())
                .containsExactly(
                        new FieldError("copy_missing", "1 worker does not have the image"),
                        new FieldError("no_room", "1 worker has not enough room free"));
    }

    @Test
    void whereAFullWorkerHasItAndOthersMakeItThatIsWorthWaitingFor() {
        var refused = (Refused) choose(
                false,
                Map.of(id(2), 12)::get,
                GOOD.taken(1000, 0, 0),
                GOOD.holds(CacheStatus.BUILDING).called(2));
        assertThat(refused.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(refused.worthWaiting()).isTrue();
        assertThat(refused.earliestS()).hasValue(12);
        var fullToo = (Refused) choose(
                GOOD.taken(1000, 0, 0),
                GOOD.holds(CacheStatus.PENDING).taken(1000, 0, 0).called(2));
        assertThat(fullToo.worthWaiting()).isFalse();
    }

    @Test
    void aCopyOfWhoTakesNothingIsNoCopyToWaitFor() {
        var refused = (Refused) choose(
                false,
                Map.of(id(1), 5, id(2), 6, id(3), 7, id(4), 30)::get,
                GOOD.holds(CacheStatus.BUILDING).is(WorkerStatus.LOST),
                GOOD.holds(CacheStatus.BUILDING).drained().called(2),
                GOOD.holds(CacheStatus.BUILDING).outside().called(3),
                GOOD.holds(CacheStatus.BUILDING).called(4));
        assertThat(refused.earliestS()).hasValue(30);
    }

    @Test
    void aLazyImageThatNobodyHasIsRefusedForRoomAlone() {
        var refused = (Refused) choose(true, worker -> null, GOOD.holds(null).taken(901, 0, 0));
        assertThat(refused.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(refused.message()).isEqualTo("no worker that may take this has room for it");
    }

    @Test
    void withoutAnyWorkerNobodyTakesIt() {
        var refused = (Refused) choose();
        assertThat(refused.code()).isEqualTo(ErrorCode.NO_SUITABLE_WORKER);
        assertThat(refused.reasons()).isEmpty();
        assertThat(refused.worthWaiting()).isFalse();
    }

    @Test
    void theLastRoomIsTaken() {
        assertThat(choose(GOOD.taken(900, 900, 900))).isInstanceOf(Chosen.class);
    }

    @Test
    void aReadyCopyGoesBeforeAnEmptierWorker() {
        var chosen = lazily(GOOD.holds(null), GOOD.taken(800, 0, 0).called(2));
        assertThat(chosen).returns(id(2), Chosen::workerId).returns(Copy.READY, Chosen::copy);
        assertThat(chosen.passed()).isEqualTo(Map.of(Reason.COPY_MISSING, 1));
    }

    @Test
    void whereTheImageMayBeFetchedAWorkerWithoutACopyTakesIt() {
        assertThat(lazily(GOOD.holds(null).outside()))
                .returns(id(1), Chosen::workerId)
                .returns(Copy.TO_BE_FETCHED, Chosen::copy);
    }

    @Test
    void aCopyThatWillSoonBeThereGoesBeforeOneThatIsToBegin() {
        var coming = GOOD.holds(CacheStatus.BUILDING).taken(800, 0, 0);
        Worker[] workers = {GOOD.holds(null), coming.called(2), coming.called(3), coming.called(4)};
        var chosen = (Chosen) choose(true, Map.of(id(2), 50, id(3), 20)::get, workers);
        assertThat(chosen).returns(id(3), Chosen::workerId).returns(Copy.COMING, Chosen::copy);
        var late = (Chosen) choose(true, Map.of(id(2), 500, id(3), 200)::get, workers);
        assertThat(late).returns(id(1), Chosen::workerId).returns(Copy.TO_BE_FETCHED, Chosen::copy);
    }

    @Test
    void aLazyImageWithoutRoomAnywhereIsRefusedForRoom() {
        var refused = (Refused) choose(
                true,
                worker -> null,
                GOOD.taken(901, 0, 0),
                GOOD.holds(null).taken(901, 0, 0).called(2));
        assertThat(refused.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(refused.reasons())
                .containsExactly(new FieldError("no_room", "2 workers: each has not enough room free"));
    }

    @Test
    void theEmptiestGoesFirstByItsFullestPart() {
        var chosen = (Chosen)
                choose(GOOD.taken(100, 600, 100), GOOD.taken(500, 500, 500).called(2));
        assertThat(chosen)
                .returns(id(2), Chosen::workerId)
                .returns(2, Chosen::compared)
                .returns(0.5, Chosen::fullness);
    }

    @Test
    void ofEquallyFullWorkersTheOneInTheEmptierZoneGoesFirst() {
        var chosen = (Chosen) choose(
                GOOD.taken(500, 0, 0).in("a"),
                GOOD.taken(900, 0, 0).in("a").called(2),
                GOOD.taken(500, 0, 0).in("b").called(3));
        assertThat(chosen).returns(id(3), Chosen::workerId).returns(0.5, Chosen::zoneFullness);
    }

    @Test
    void aWorkerSmallerThanWhatRunsOnItTakesNoMore() {
        assertThat(choose(GOOD.taken(2000, 0, 0))).isInstanceOf(Refused.class);
    }

    @Test
    void fullWorkersDoNotHideTheOneWithRoom() {
        var workers = IntStream.range(0, 300)
                .mapToObj(i -> GOOD.taken(1000, 0, 0).called(i))
                .collect(Collectors.toCollection(ArrayList::new));
        workers.add(GOOD.called(300));
        for (int i = 0; i < 50; i++) {
            assertThat(choose(workers.toArray(Worker[]::new))).isInstanceOf(Chosen.class);
        }
    }

    @Test
    void anOrderIsDecidedEqually() {
        var fleet = fleet(false, equalWorkers());
        var ask = new Ask(BunkerId.fresh(), ASK, NetworkProfile.ISOLATED);
        var standing = fleet.standing(IMAGE).orElseThrow();
        var first = Placement.choose(fleet, ask, standing, worker -> OptionalInt.empty());
        for (int i = 0; i < 20; i++) {
            assertThat(Placement.choose(fleet, ask, standing, worker -> OptionalInt.empty()))
                    .isEqualTo(first);
        }
    }

    @Test
    void manyOrdersAreSpreadOverEqualWorkers() {
        var fleet = fleet(false, equalWorkers());
        var taken = Stream.generate(() -> (Chosen) Placement.choose(
                        fleet,
                        new Ask(BunkerId.fresh(), ASK, NetworkProfile.ISOLATED),
                        fleet.standing(IMAGE).orElseThrow(),
                        worker -> OptionalInt.empty()))
                .limit(2000)
                .collect(Collectors.groupingBy(Chosen::workerId, Collectors.counting()));
        assertThat(taken).hasSize(20);
        assertThat(taken.values()).allSatisfy(count -> assertThat(count).isBetween(40L, 200L));
    }

    private static Worker[] equalWorkers() {
        return IntStream.range(0, 20).mapToObj(GOOD::called).toArray(Worker[]::new);
    }

    private static Decision choose(Worker... workers) {
        return choose(false, worker -> null, workers);
    }

    private static Chosen lazily(Worker... workers) {
        return (Chosen) choose(true, worker -> null, workers);
    }

    private static Decision choose(boolean lazy, Function<WorkerId, Integer> etas, Worker... workers) {
        var fleet = fleet(lazy, workers);
        var ask = new Ask(BunkerId.fresh(), ASK, NetworkProfile.ISOLATED);
        return Placement.choose(fleet, ask, fleet.standing(IMAGE).orElseThrow(), worker -> {
            Integer eta = etas.apply(worker);
            return eta == null ? OptionalInt.empty() : OptionalInt.of(eta);
        });
    }

    private static Fleet fleet(boolean lazy, Worker... workers) {
        var all = List.of(workers);
        var fleet = new Fleet();
        var inside = all.stream().filter(Worker::member).map(Worker::workerId).toList();
        fleet.read(
                all.stream().map(Worker::host).toList(), List.of(new Members(GROUP, Scope.TENANT, TENANT, inside)), 1);
        fleet.learn(
                new Standing(
                        IMAGE,
                        ImageStatus.ACTIVE,
                        TENANT,
                        lazy,
                        List.of(GROUP),
                        with(all, CacheStatus.READY),
                        with(all, CacheStatus.BUILDING),
                        with(all, CacheStatus.PENDING),
                        with(all, CacheStatus.FAILED)),
                1);
        return fleet;
    }

    private static List<WorkerId> with(List<Worker> workers, CacheStatus status) {
        return workers.stream()
                .filter(worker -> worker.copy() == status)
                .map(Worker::workerId)
                .toList();
    }

    private static WorkerId id(int id) {
        return new WorkerId(new UUID(0, id));
    }
}
