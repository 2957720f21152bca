package io.scaibunker.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.scheduler.Placement.Chosen;
import io.scaibunker.scheduler.Placement.Decision;
import io.scaibunker.scheduler.Placement.Reason;
import io.scaibunker.scheduler.Placement.Refused;
import io.scaibunker.store.Workers.Candidate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlacementTest {
    private static final Room ASK = new Room(100, 100, 100);
    private static final Worker GOOD = new Worker(
            1,
            WorkerStatus.READY,
            WorkerIntent.SERVE,
            "tcg",
            new Room(1000, 1000, 1000),
            Room.NONE,
            NetworkProfile.ISOLATED,
            true,
            false,
            CacheStatus.READY);

    /** A candidate that a test changes in one place. */
    private record Worker(
            int id,
            WorkerStatus status,
            WorkerIntent intent,
            String acceleration,
            Room capacity,
            Room allocated,
            NetworkProfile network,
            boolean targeted,
            boolean mayFetch,
            CacheStatus copy) {
        Worker is(WorkerStatus other) {
            return new Worker(id, other, intent, acceleration, capacity, allocated, network, targeted, mayFetch, copy);
        }

        Worker drained() {
            return new Worker(
                    id,
                    status,
                    WorkerIntent.DRAIN,
                    acceleration,
                    capacity,
                    allocated,
                    network,
                    targeted,
                    mayFetch,
                    copy);
        }

        Worker runs(String other) {
            return new Worker(id, status, intent, other, capacity, allocated, network, targeted, mayFetch, copy);
        }

        Worker gives(NetworkProfile other) {
            return new Worker(id, status, intent, acceleration, capacity, allocated, other, targeted, mayFetch, copy);
        }

        Worker outside() {
            return new Worker(id, status, intent, acceleration, capacity, allocated, network, false, mayFetch, copy);
        }

        Worker lazy() {
            return new Worker(id, status, intent, acceleration, capacity, allocated, network, targeted, true, copy);
        }

        Worker holds(CacheStatus other) {
            return new Worker(
                    id, status, intent, acceleration, capacity, allocated, network, targeted, mayFetch, other);
        }

        Worker taken(int cpu, int memory, int disk) {
            return new Worker(
                    id,
                    status,
                    intent,
                    acceleration,
                    capacity,
                    new Room(cpu, memory, disk),
                    network,
                    targeted,
                    mayFetch,
                    copy);
        }

        Worker called(int other) {
            return new Worker(
                    other, status, intent, acceleration, capacity, allocated, network, targeted, mayFetch, copy);
        }

        Candidate candidate() {
            return new Candidate(
                    new WorkerId(new UUID(0, id)),
                    status,
                    intent,
                    acceleration,
                    capacity,
                    allocated,
                    Set.of(network),
                    targeted,
                    mayFetch,
                    Optional.ofNullable(copy));
        }
    }

    static Stream<Arguments> passedOver() {
        return Stream.of(
                Arguments.of(Reason.LOST, GOOD.is(WorkerStatus.LOST).drained().outside()),
                Arguments.of(Reason.JOINING, GOOD.is(WorkerStatus.JOINING).holds(null)),
                Arguments.of(Reason.DRAINING, GOOD.is(WorkerStatus.DRAINING)),
                Arguments.of(Reason.DRAINING, GOOD.drained().taken(1000, 1000, 1000)),
                Arguments.of(Reason.OUT_OF_SCOPE, GOOD.outside()),
                Arguments.of(Reason.NO_NETWORK, GOOD.gives(NetworkProfile.UNRESTRICTED)),
                Arguments.of(Reason.NO_MACHINES, GOOD.runs("none: /dev/kvm is missing")),
                Arguments.of(Reason.COPY_MISSING, GOOD.holds(null)),
                Arguments.of(Reason.COPY_MISSING, GOOD.holds(CacheStatus.EVICTED)),
                Arguments.of(Reason.COPY_PENDING, GOOD.holds(CacheStatus.PENDING)),
                Arguments.of(
                        Reason.COPY_BUILDING, GOOD.holds(CacheStatus.BUILDING).taken(1000, 0, 0)),
                Arguments.of(Reason.COPY_FAILED, GOOD.holds(CacheStatus.FAILED)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(901, 0, 0)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(0, 901, 0)),
                Arguments.of(Reason.NO_ROOM, GOOD.taken(0, 0, 901)),
                Arguments.of(Reason.NO_ROOM, GOOD.lazy().holds(null).taken(901, 0, 0)));
    }

    @ParameterizedTest
    @MethodSource("passedOver")
    void aWorkerIsPassedOverForTheFirstReasonThatHolds(Reason reason, Worker worker) {
        Refused refused = (Refused) choose(worker);
        assertThat(refused.reasons()).extracting(FieldError::field).containsExactly(reason.word());
        assertThat(refused.code())
                .isEqualTo(reason == Reason.NO_ROOM ? ErrorCode.WORKER_UNAVAILABLE : ErrorCode.NO_SUITABLE_WORKER);
    }

    @Test
    void everyReasonIsTriedHere() {
        assertThat(passedOver().map(row -> row.get()[0]).distinct())
                .containsExactlyInAnyOrder(Arrays.stream(Reason.values()).toArray());
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
                                new FieldError("copy_building", "2 workers: each is making the image"))));
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
    void withoutAnyWorkerNobodyTakesIt() {
        assertThat(choose())
                .isEqualTo(new Refused(
                        ErrorCode.NO_SUITABLE_WORKER, "no worker that may take this has the image ready", List.of()));
    }

    @Test
    void theLastRoomIsTaken() {
        assertThat(choose(GOOD.taken(900, 900, 900))).isInstanceOf(Chosen.class);
    }

    @Test
    void aReadyCopyGoesBeforeAnEmptierWorker() {
        var chosen = (Chosen)
                choose(GOOD.lazy().holds(null), GOOD.lazy().taken(800, 0, 0).called(2));
        assertThat(chosen).isEqualTo(new Chosen(id(2), true, 2, Map.of()));
    }

    @Test
    void whereTheImageMayBeFetchedAWorkerWithoutACopyTakesIt() {
        var chosen = (Chosen) choose(GOOD.lazy().holds(null), GOOD.holds(null).called(2));
        assertThat(chosen).isEqualTo(new Chosen(id(1), false, 2, Map.of(Reason.COPY_MISSING, 1)));
    }

    @Test
    void theEmptiestGoesFirstByItsFullestPart() {
        assertThat(choose(GOOD.taken(100, 600, 100), GOOD.taken(500, 500, 500).called(2)))
                .isEqualTo(new Chosen(id(2), true, 2, Map.of()));
    }

    @Test
    void aWorkerSmallerThanWhatRunsOnItTakesNoMore() {
        assertThat(choose(GOOD.taken(2000, 0, 0))).isInstanceOf(Refused.class);
    }

    @Test
    void anOrderIsDecidedEquallyWhateverTheOrderOfTheWorkers() {
        var workers = equalWorkers();
        var order = BunkerId.fresh();
        var first = Placement.choose(order, ASK, NetworkProfile.ISOLATED, workers);
        var random = new Random(7);
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(workers, random);
            assertThat(Placement.choose(order, ASK, NetworkProfile.ISOLATED, workers))
                    .isEqualTo(first);
        }
    }

    @Test
    void manyOrdersAreSpreadOverEqualWorkers() {
        var workers = equalWorkers();
        var taken = Stream.generate(
                        () -> (Chosen) Placement.choose(BunkerId.fresh(), ASK, NetworkProfile.ISOLATED, workers))
                .limit(2000)
                .collect(Collectors.groupingBy(Chosen::workerId, Collectors.counting()));
        assertThat(taken).hasSize(20);
        assertThat(taken.values()).allSatisfy(count -> assertThat(count).isBetween(40L, 200L));
    }

    private static List<Candidate> equalWorkers() {
        return new ArrayList<>(Stream.generate(
                        () -> GOOD.called(ThreadLocalRandom.current().nextInt()).candidate())
                .limit(20)
                .toList());
    }

    private static Decision choose(Worker... workers) {
        return Placement.choose(
                BunkerId.fresh(),
                ASK,
                NetworkProfile.ISOLATED,
                Arrays.stream(workers).map(Worker::candidate).toList());
    }

    private static WorkerId id(int id) {
        return new WorkerId(new UUID(0, id));
    }
}
