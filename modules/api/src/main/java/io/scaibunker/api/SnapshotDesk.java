package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Database;
import io.scaibunker.store.Snapshots;
import io.scaibunker.store.Snapshots.Snapshot;
import io.vertx.core.Future;

/** Asks for snapshots, and says why there can be none. */
final class SnapshotDesk {
    private final Database database;
    private final Post post;
    private final int most;

    /** @param most how many a tenant may have */
    SnapshotDesk(Database database, Post post, int most) {
        this.database = database;
        this.post = post;
        this.most = most;
    }

    /** A snapshot, after which the bunker goes on. */
    Future<Snapshot> ask(Bunker bunker) {
        return ask(bunker, false);
    }

    /** A snapshot with which the bunker ends, this one or the one that was asked for before. */
    Future<Snapshot> askWithEnd(Bunker bunker) {
        return Snapshots.endingOf(database.client(), bunker.id())
                .compose(before -> before.map(Future::succeededFuture).orElseGet(() -> ask(bunker, true)));
    }

    private Future<Snapshot> ask(Bunker bunker, boolean ends) {
        SnapshotId id = SnapshotId.fresh();
        return Snapshots.ask(database.client(), id, bunker.id(), ends, most)
                .compose(asked -> asked ? find(id) : refuse(bunker))
                .onSuccess(asked -> post.nudge(new Nudge.SnapshotsChanged(bunker.workerId())));
    }

    private Future<Snapshot> find(SnapshotId id) {
        return Snapshots.find(database.client(), id)
                .compose(Finder.there(ErrorCode.SNAPSHOT_NOT_FOUND, "snapshot", id));
    }

    private Future<Snapshot> refuse(Bunker asked) {
        return Bunkers.find(database.client(), asked.id()).map(found -> {
            Bunker bunker = found.orElse(asked);
            boolean lives = bunker.status() == BunkerStatus.RUNNING || bunker.status() == BunkerStatus.PAUSED;
            if (lives && bunker.intent() != BunkerIntent.END) {
                throw new PlatformException(
                        ErrorCode.SNAPSHOT_LIMIT_REACHED, "the tenant has " + most + " snapshots, as many as it may");
            }
            throw new PlatformException(
                    ErrorCode.WRONG_STATE,
                    "bunker " + bunker.id() + " is " + bunker.status().word() + " and meant to "
                            + bunker.intent().word() + " (expected: running or paused)");
        });
    }
}
