package io.scaibunker.scanner;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Rounds;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.time.InstantSource;

/**
 * The door of the scanner room. Scans, the re-match and the sweep have rounds of their own, so that none can hold up another.
 */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class ScannerVerticle extends VerticleBase {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private final ScannerConfig config;
    private final Database database;
    private final InventorySource workers;
    private Post post;
    private WorkerExecutor bench;
    private Rematch rematch;
    private Rounds scans;
    private Rounds rematches;
    private Rounds sweep;

    /** @param workers who tells what artifacts hold */
    public ScannerVerticle(ScannerConfig config, Database database, InventorySource workers) {
        this.config = config;
        this.database = database;
        this.workers = workers;
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        // More than there are slots: a re-match does not take a scan's.
        bench = vertx.createSharedWorkerExecutor("scans", config.slots() + Rematch.HANDS);
        Judge judge = new Judge(config.scanner(), config.policy(), InstantSource.system());
        ImageScanner scanner =
                new ImageScanner(config, database, post, new StoredInventories(database, workers), judge, bench);
        rematch = new Rematch(database, judge, bench, config.rematchLease(), config.rematchPage());
        scans = new Rounds(vertx, "scans", config.sweep(), scanner::drain);
        rematches = new Rounds(vertx, "the re-match", config.sweep(), rematch::drain);
        sweep = new Rounds(vertx, "the sweep of unwanted copies", config.sweep(), scanner::release);
        post.heed(Nudge.ScanAsked.ADDRESS, scans::nudge);
        return post.open().onSuccess(open -> {
            scans.nudge();
            rematches.nudge();
            sweep.nudge();
        });
    }

    @Override
    public Future<?> stop() {
        rematch.stop();
        return Future.join(scans.stop(), rematches.stop(), sweep.stop())
                .compose(stopped -> rematch.giveUp().otherwiseEmpty())
                .compose(free -> post.close(CLOSE_LIMIT))
                .compose(closed -> bench.close());
    }
}
