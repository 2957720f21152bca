package io.scaibunker.scanner;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Rounds;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;

/** The door of the scanner room. Scans and the sweep have rounds of their own, so that neither can hold up the other. */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class ScannerVerticle extends VerticleBase {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private final ScannerConfig config;
    private final Database database;
    private Post post;
    private Rounds scans;
    private Rounds sweep;

    public ScannerVerticle(ScannerConfig config, Database database) {
        this.config = config;
        this.database = database;
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        ImageScanner scanner = new ImageScanner(config, database, post, new MissingEngine());
        scans = new Rounds(vertx, "scans", config.sweep(), scanner::drain);
        sweep = new Rounds(vertx, "the sweep of unwanted copies", config.sweep(), scanner::release);
        post.heed(Nudge.ScanAsked.ADDRESS, scans::nudge);
        return post.open().onSuccess(open -> {
            scans.nudge();
            sweep.nudge();
        });
    }

    @Override
    public Future<?> stop() {
        return Future.join(scans.stop(), sweep.stop()).compose(stopped -> post.close(CLOSE_LIMIT));
    }
}
