package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Workers.Candidate;
import io.scaibunker.store.Workers.Heard;
import io.scaibunker.store.Workers.Worker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class WorkersTest extends StoreFixture {
    private static final String DIGEST = "sha256:" + "1".repeat(64);

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
        assertThat(Workers.intend(sql, id, WorkerIntent.DRAIN).await()).isTrue();
        assertThat(Workers.intend(sql, id, WorkerIntent.DRAIN).await()).isFalse();
        Workers.followIntents(sql).await();
        seeds.heardBefore(id.value(), 60);
        Workers.loseStale(sql, Duration.ofSeconds(30)).await();
        assertThat(Workers.beat(sql, Beats.of(id)).await().status()).isEqualTo(WorkerStatus.DRAINING);
    }

    @Test
    void placementSeesWhoIsAskedToHoldTheImageAndWhoHoldsIt() {
        var owner = seeds.owner();
        var image = seeds.image(owner);
        var group = seeds.group(owner);
        seeds.addImage(group, image);
        var holder = seeds.worker();
        var asked = seeds.worker();
        var outside = seeds.worker();
        seeds.addWorker(group, holder);
        seeds.addWorker(group, asked);
        seeds.ready(image, holder, DIGEST);
        assertThat(candidate(image, holder))
                .returns(true, Candidate::targeted)
                .returns(Optional.of(CacheStatus.READY), Candidate::copy)
                .returns(false, Candidate::mayFetch);
        assertThat(candidate(image, asked))
                .returns(true, Candidate::targeted)
                .returns(Optional.empty(), Candidate::copy);
        assertThat(candidate(image, outside)).returns(false, Candidate::targeted);
    }

    @Test
    void aLazyImageGoesToAnyWorkerButThoseOfOtherTenants() {
        var owner = seeds.owner();
        var image = seeds.lazyImage(owner);
        var free = seeds.worker();
        var own = seeds.worker();
        var foreign = seeds.worker();
        var shared = seeds.worker();
        seeds.addWorker(seeds.group(owner), own);
        seeds.addWorker(seeds.group(seeds.owner()), foreign);
        seeds.addWorker(seeds.group(seeds.owner(), "platform", "all"), shared);
        for (UUID worker : new UUID[] {free, own, shared}) {
            assertThat(candidate(image, worker))
                    .returns(true, Candidate::targeted)
                    .returns(true, Candidate::mayFetch);
        }
        assertThat(candidate(image, foreign)).returns(false, Candidate::targeted);
    }

    @Test
    void aCopyThatIsNoLongerWantedDoesNotCount() {
        var image = seeds.image(seeds.owner());
        var holder = seeds.worker();
        seeds.ready(image, holder, DIGEST);
        ImageCache.releaseReady(sql).await();
        assertThat(candidate(image, holder)).returns(Optional.empty(), Candidate::copy);
    }

    private Candidate candidate(UUID image, UUID worker) {
        return Workers.candidates(sql, image(image)).await().stream()
                .filter(candidate -> candidate.id().equals(worker(worker)))
                .findFirst()
                .orElseThrow();
    }
}
