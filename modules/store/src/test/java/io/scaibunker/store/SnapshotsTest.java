package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Snapshots.Made;
import io.scaibunker.store.Snapshots.Sight;
import io.scaibunker.store.Snapshots.Snapshot;
import io.scaibunker.testkit.Seeds.Owner;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What may be asked of bunkers, and what follows from how a snapshot stands. */
class SnapshotsTest extends StoreFixture {
    private static final Sight READY = new Sight(
            SnapshotStatus.READY,
            Optional.of(new Made(new Digest("sha256:" + "1".repeat(64)), 7)),
            Optional.empty(),
            Optional.empty());

    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private final WorkerId worker = worker(seeds.worker());
    private final BunkerId bunker = new BunkerId(seeds.runningBunker(owner, image, worker.value()));

    private boolean ask(SnapshotId id, boolean ends, int most) {
        return Snapshots.ask(sql, id, bunker, ends, most).await();
    }

    private Snapshot asked(boolean ends) {
        SnapshotId id = SnapshotId.fresh();
        assertThat(ask(id, ends, 10)).isTrue();
        return find(id);
    }

    private Snapshot find(SnapshotId id) {
        return Snapshots.find(sql, id).await().orElseThrow();
    }

    private Snapshots.Taken seen(Snapshot snapshot, Sight sight) {
        return Snapshots.move(sql, worker, snapshot.id(), sight).await();
    }

    private void take(Snapshot snapshot) {
        assertThat(seen(snapshot, Sight.of(SnapshotStatus.CREATING)).moved()).isTrue();
        assertThat(seen(snapshot, READY).moved()).isTrue();
    }

    @Test
    void oneIsTakenAtATimeOfABunkerThatLives() {
        Snapshot first = asked(false);
        assertThat(first)
                .returns(bunker, Snapshot::bunkerId)
                .returns(worker, Snapshot::workerId)
                .returns(SnapshotStatus.PENDING, Snapshot::status);
        assertThatThrownBy(() -> ask(SnapshotId.fresh(), false, 10))
                .isInstanceOf(PlatformException.class)
                .extracting(thrown -> ((PlatformException) thrown).code())
                .isEqualTo(ErrorCode.WRONG_STATE);
        take(first);
        run("UPDATE bunkers SET status = 'paused'", Map.of());
        take(asked(false));
        assertThat(ask(SnapshotId.fresh(), false, 2))
                .as("as many as the tenant may")
                .isFalse();
        for (String state : List.of("status = 'provisioning'", "status = 'running', intent = 'end'")) {
            run("UPDATE bunkers SET " + state, Map.of());
            assertThat(ask(SnapshotId.fresh(), false, 10)).as(state).isFalse();
        }
    }

    @Test
    void aBunkerEndsWithItsSnapshotOnlyOnceThatIsReady() {
        Snapshot failing = asked(true);
        assertThat(Snapshots.endingOf(sql, bunker).await()).map(Snapshot::id).contains(failing.id());
        seen(failing, Sight.of(SnapshotStatus.CREATING));
        Sight full = new Sight(
                SnapshotStatus.FAILED, Optional.empty(), Optional.of(ErrorCode.WORKER_DISK_FULL), Optional.of("full"));
        assertThat(seen(failing, full)).isEqualTo(new Snapshots.Taken(true, false));
        assertThat(text("SELECT intent FROM bunkers")).isEqualTo("run");
        assertThat(Snapshots.endingOf(sql, bunker).await()).isEmpty();

        Snapshot second = asked(true);
        seen(second, Sight.of(SnapshotStatus.CREATING));
        assertThat(seen(second, READY)).isEqualTo(new Snapshots.Taken(true, true));
        assertThat(text("SELECT intent || ' ' || ended_reason || ' ' || generation FROM bunkers"))
                .isEqualTo("end deleted 2");
        assertThat(
                        text(
                                "SELECT string_agg(body->>'status', ' ' ORDER BY id) FROM events WHERE kind = 'bunker_snapshot'"))
                .isEqualTo("pending creating failed pending creating ready");
    }

    @Test
    void whatAnImageIsMadeOfStaysAsLongAsThatIsActive() {
        Snapshot snapshot = asked(false);
        assertThat(Snapshots.hold(sql, snapshot.id()).await()).as("not ready").isFalse();
        take(snapshot);
        assertThat(Snapshots.hold(sql, snapshot.id()).await()).isTrue();
        UUID made = seeds.snapshotImage(owner, worker.value());
        SnapshotId of = new SnapshotId(
                Sql.one(sql, "SELECT snapshot_id FROM images WHERE id = :id", Map.of("id", made), row -> row.getUUID(0))
                        .await()
                        .orElseThrow());
        assertThat(Snapshots.letGo(sql, of).await()).isFalse();
        assertThat(Snapshots.imageOf(sql, of).await()).contains(image(made));
        // Where it lies the image is wanted, also by no group.
        ImageCache.spreadAll(sql).await();
        assertThat(ImageCache.of(sql, image(made)).await())
                .extracting(ImageCache.CacheRow::workerId)
                .containsExactly(worker);
        seeds.deactivate(made);
        assertThat(Snapshots.letGo(sql, of).await()).isTrue();
        assertThat(Snapshots.letGo(sql, of).await()).isFalse();
        assertThat(Snapshots.hold(sql, of).await()).isFalse();
    }

    @Test
    void itsWorkerIsToldWhatToTakeAndToRemoveAndNothingOfWhatFailed() {
        Snapshot snapshot = asked(false);
        assertThat(Snapshots.workersToTell(sql).await()).containsExactly(worker);
        assertThat(told()).containsExactly(snapshot.id());
        take(snapshot);
        assertThat(Snapshots.workersToTell(sql).await()).isEmpty();
        assertThat(told()).containsExactly(snapshot.id());
        Snapshots.letGo(sql, snapshot.id()).await();
        assertThat(Snapshots.workersToTell(sql).await()).containsExactly(worker);
        assertThat(Snapshots.list(
                                sql,
                                new Snapshots.Filter(
                                        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
                                Optional.empty(),
                                10)
                        .await())
                .isEmpty();
        assertThat(seen(snapshot, Sight.of(SnapshotStatus.DELETED)).moved()).isTrue();
        assertThat(Snapshots.workersToTell(sql).await()).isEmpty();
        assertThat(told()).isEmpty();
    }

    private List<SnapshotId> told() {
        return Snapshots.wantedOf(sql, worker, Optional.empty(), 10).await().stream()
                .map(Snapshots.Wanted::id)
                .toList();
    }

    @Test
    void whatAWorkerHadGoesWithItsRow() {
        Snapshot kept = asked(false);
        take(kept);
        Snapshot gone = asked(false);
        take(gone);
        Snapshots.letGo(sql, gone.id()).await();
        run("DELETE FROM workers", Map.of());
        assertThat(find(kept.id()))
                .returns(SnapshotStatus.FAILED, Snapshot::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), Snapshot::errorCode);
        assertThat(find(gone.id())).returns(SnapshotStatus.DELETED, Snapshot::status);
    }
}
