package io.scaibunker.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every move of every state, frozen: whoever changes a table changes it here too. */
class StatesTest {
    @Test
    void aCacheRowMovesSo() {
        assertThat(table(CacheStatus.values())).isEqualTo("""
                pending -> building ready failed evicted
                building -> pending ready failed evicted
                ready -> pending evicted
                failed -> pending ready evicted
                evicted -> pending
                """);
    }

    @Test
    void aScanMovesSo() {
        assertThat(table(ScanStatus.values())).isEqualTo("""
                pending -> passed failed skipped
                passed -> pending failed skipped
                failed -> pending passed skipped
                skipped -> pending passed failed
                """);
    }

    @Test
    void aBunkerMovesSo() {
        assertThat(table(BunkerStatus.values())).isEqualTo("""
                pending -> provisioning running terminating terminated failed
                provisioning -> running terminating terminated failed
                running -> provisioning paused terminating terminated failed
                paused -> provisioning running terminating terminated failed
                terminating -> terminated failed
                terminated ->
                failed ->
                """);
    }

    @Test
    void aWorkerMovesSo() {
        assertThat(table(WorkerStatus.values())).isEqualTo("""
                joining -> ready draining lost
                ready -> draining lost
                draining -> ready lost
                lost -> ready draining
                """);
    }

    @Test
    void aSnapshotMovesSo() {
        assertThat(table(SnapshotStatus.values())).isEqualTo("""
                pending -> creating failed deleted
                creating -> ready failed deleted
                ready -> failed deleted
                failed -> deleted
                deleted ->
                """);
    }

    @Test
    void onlyEndedBunkersAndDeletedSnapshotsStayAsTheyAre() {
        var ends = Stream.<State<?>[]>of(
                        CacheStatus.values(),
                        ScanStatus.values(),
                        BunkerStatus.values(),
                        SnapshotStatus.values(),
                        WorkerStatus.values())
                .flatMap(Arrays::stream)
                .filter(State::isFinal);
        assertThat(ends).containsExactly(BunkerStatus.TERMINATED, BunkerStatus.FAILED, SnapshotStatus.DELETED);
    }

    private static <S extends Enum<S> & State<S>> String table(S[] states) {
        return Arrays.stream(states)
                .map(state -> state.word() + " ->"
                        + state.next().stream().map(next -> " " + next.word()).collect(Collectors.joining()) + "\n")
                .collect(Collectors.joining());
    }
}
