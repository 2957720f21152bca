package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedSnapshot;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.SnapshotReported;
import io.scaibunker.model.Digest;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.WorkerId;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the snapshots here equal to what is wanted here. Lives on one event loop. */
final class SnapshotKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotKeeper.class);

    private final WorkerId self;
    private final Post post;
    private final Duration askTimeout;
    private final SnapshotShelf shelf;
    private final SnapshotTaker taker;
    private final BunkerKeeper bunkers;
    private final Bench bench;
    private final Runnable again;

    private final Set<SnapshotId> underWay = new HashSet<>();

    /** Until the row says so. */
    private final Map<SnapshotId, Failure> failures = new HashMap<>();

    private boolean stopping;

    /** @param again asks for another round, of this and of the bunkers */
    SnapshotKeeper(
            WorkerId self,
            Post post,
            Duration askTimeout,
            SnapshotShelf shelf,
            SnapshotTaker taker,
            BunkerKeeper bunkers,
            Bench bench,
            Runnable again) {
        this.self = self;
        this.post = post;
        this.askTimeout = askTimeout;
        this.shelf = shelf;
        this.taker = taker;
        this.bunkers = bunkers;
        this.bench = bench;
        this.again = again;
    }

    /** What is wanted is here or under way, what is not wanted is gone, and the rows say so. */
    Future<?> drain() {
        return Pages.<WantedSnapshot, SnapshotId>all(
                        after -> post.ask(new Question.SnapshotsWanted(self, after), askTimeout)
                                .map(page -> new Pages.Page<>(page.snapshots(), page.next())))
                .compose(rows -> {
                    removeUnlisted(rows);
                    return Future.join(rows.stream().map(this::step).toList());
                });
    }

    /** What no row names any more was given up while this worker was away. */
    private void removeUnlisted(List<WantedSnapshot> rows) {
        Set<SnapshotId> unlisted = new HashSet<>(shelf.ids());
        rows.forEach(row -> unlisted.remove(row.snapshotId()));
        unlisted.removeAll(underWay);
        unlisted.forEach(this::remove);
        Set<SnapshotId> listed = new HashSet<>();
        rows.forEach(row -> listed.add(row.snapshotId()));
        failures.keySet().retainAll(listed);
    }

    private Future<?> step(WantedSnapshot row) {
        SnapshotId id = row.snapshotId();
        Optional<Bunker> bunker = bunkers.find(row.bunkerId());
        SnapshotPlan.Seen seen = new SnapshotPlan.Seen(
                shelf.find(id).map(SnapshotShelf.Kept::layer).orElse(null), underWay.contains(id), failures.get(id));
        return switch (SnapshotPlan.next(row, seen, SnapshotPlan.source(bunker))) {
            case SnapshotPlan.Nothing nothing -> Future.succeededFuture();
            case SnapshotPlan.Take take -> take(id, bunker.orElseThrow());
            case SnapshotPlan.Remove remove -> remove(id).compose(gone -> report(id, SnapshotStatus.DELETED, null));
            case SnapshotPlan.Report report -> report(id, report.status(), report.failure());
        };
    }

    private Future<?> take(SnapshotId id, Bunker bunker) {
        if (stopping) {
            return Future.succeededFuture();
        }
        underWay.add(id);
        // Neither paused nor let go on meanwhile; and somebody uses it.
        bunker.hold();
        BunkerUse use = bunker.use(true);
        return report(id, SnapshotStatus.CREATING, null)
                .onSuccess(claimed -> {
                    if (claimed) {
                        bench.snapshot(() -> {
                                    taker.take(id, bunker);
                                    return id;
                                })
                                .onComplete(taken -> ended(id, bunker, use, taken));
                    } else {
                        letGo(id, bunker, use);
                    }
                })
                .onFailure(unheard -> letGo(id, bunker, use));
    }

    private void ended(SnapshotId id, Bunker bunker, BunkerUse use, AsyncResult<SnapshotId> taken) {
        letGo(id, bunker, use);
        if (taken.failed() && !stopping) {
            failures.put(id, BakeFailures.of(taken.cause()));
        }
        again.run();
    }

    private void letGo(SnapshotId id, Bunker bunker, BunkerUse use) {
        use.end();
        bunker.release();
        underWay.remove(id);
    }

    private Future<Boolean> report(SnapshotId id, SnapshotStatus status, @Nullable Failure failure) {
        Optional<SnapshotShelf.Kept> kept = status == SnapshotStatus.READY ? shelf.find(id) : Optional.empty();
        Digest layer = kept.map(SnapshotShelf.Kept::layer).orElse(null);
        long bytes = kept.map(SnapshotShelf.Kept::layerBytes).orElse(0L);
        return post.ask(new SnapshotReported(self, id, status, layer, bytes, failure), askTimeout)
                .map(taken -> taken.current());
    }

    private Future<?> remove(SnapshotId id) {
        return bench.runShort(() -> {
                    shelf.remove(id);
                    return id;
                })
                .onSuccess(gone -> LOG.info("{} is removed", id))
                .onFailure(thrown -> LOG.warn("{} could not be removed", id, thrown));
    }

    /** Gives up what is under way, and lets its bunkers go on. */
    Future<?> stop(Duration limit) {
        stopping = true;
        return bench.endSnapshots(limit);
    }
}
