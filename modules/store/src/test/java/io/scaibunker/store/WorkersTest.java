package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Workers.Heard;
import io.scaibunker.store.Workers.Worker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkersTest extends StoreFixture {
    @Test
    void aWorkerJoinsWithItsFirstBeatAndIsReadyWithItsSecond() {
        var id = WorkerId.fresh();
        var beat = Beats.of(id);
        assertThat(Workers.beat(sql, beat).await()).isEqualTo(new Heard(WorkerStatus.JOINING, Optional.empty(), true));
        assertThat(Workers.beat(sql, beat).await())
                .isEqualTo(new Heard(WorkerStatus.READY, Optional.of(WorkerStatus.JOINING), false));
        assertThat(Workers.find(sql, id).await().orElseThrow())
                .returns(new Room(4000, 8192, 65536), Worker::capacity)
                .returns(Room.NONE, Worker::allocated)
                .returns(1L << 40, Worker::cacheBytes)
                .returns(Optional.of(1L << 41), Worker::cacheQuota)
                .returns(new JsonObject().put("a", "b"), Worker::labels);
    }

    @Test
    void aBeatTellsANewRunAndBringsWhatChanged() {
        var id = WorkerId.fresh();
        Workers.beat(sql, Beats.of(id)).await();
        var smaller = Beats.of(id, IncarnationId.fresh(), new Room(1, 2, 3));
        assertThat(Workers.beat(sql, smaller).await().restarted()).isTrue();
        assertThat(Workers.find(sql, id).await().orElseThrow().capacity()).isEqualTo(new Room(1, 2, 3));
    }

    @Test
    void whoServesIsKnownByIdUnlessLost() {
        var there = worker(seeds.worker());
        var lost = worker(seeds.worker());
        seeds.workerIs(lost.value(), "lost");

        assertThat(Workers.serving(sql).await())
                .hasEntrySatisfying(
                        there.toString(), worker -> assertThat(worker.id()).isEqualTo(there))
                .doesNotContainKey(lost.toString());
    }

    @Test
    void onlyTheSilentAreLostAndABeatBringsThemBack() {
        var heard = worker(seeds.worker());
        var silent = worker(seeds.worker());
        seeds.heardBefore(silent.value(), 31);
        assertThat(Workers.loseStale(sql, Duration.ofSeconds(30)).await()).containsExactly(silent);
        assertThat(Workers.loseStale(sql, Duration.ofSeconds(30)).await()).isEmpty();
        assertThat(Workers.find(sql, heard).await().orElseThrow().status()).isEqualTo(WorkerStatus.READY);
        assertThat(Workers.beat(sql, Beats.of(silent)).await())
                .returns(WorkerStatus.READY, Heard::status)
                .returns(Optional.of(WorkerStatus.LOST), Heard::before);
    }

    @Test
    void aDrainedWorkerStaysDrainedThroughBeatsAndLosses() {
        var id = worker(seeds.worker());
        assertThat(Workers.drain(sql, id, Optional.empty()).await()).isTrue();
        Workers.followIntents(sql).await();
        seeds.heardBefore(id.value(), 60);
        Workers.loseStale(sql, Duration.ofSeconds(30)).await();
        assertThat(Workers.beat(sql, Beats.of(id)).await().status()).isEqualTo(WorkerStatus.DRAINING);
    }
}
