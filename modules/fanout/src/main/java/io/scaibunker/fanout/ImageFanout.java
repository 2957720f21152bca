package io.scaibunker.fanout;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.store.Bakes;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.vertx.core.Future;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the rows that should be there, lets go of those that should not, and wakes the workers that have to act. */
final class ImageFanout {
    private static final Logger LOG = LoggerFactory.getLogger(ImageFanout.class);

    private final Database database;
    private final Post post;

    ImageFanout(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    /** Rows equal what is wanted, and every worker with something to do has been told. */
    Future<?> drain() {
        return ImageCache.spreadAll(database.client())
                .compose(spread -> ImageCache.retryDue(database.client()))
                .compose(due -> ImageCache.giveUp(database.client()))
                .compose(given -> Bakes.forgetExpired(database.client()))
                .compose(forgotten -> ImageCache.cancelUnasked(database.client(), Optional.empty()))
                .compose(cancelled -> ImageCache.workersToTell(database.client()))
                .onSuccess(workers -> workers.forEach(worker -> post.nudge(new Nudge.CopiesChanged(worker))));
    }

    /** Whoever makes a copy that somebody waits for makes it before others. A hint: what fails here is not tried again. */
    void hurry(Nudge.CopyAwaited awaited) {
        ImageCache.hurry(database.client(), awaited.imageId())
                .onSuccess(workers -> workers.forEach(worker -> post.nudge(new Nudge.CopiesChanged(worker))))
                .onFailure(thrown -> LOG.debug("{} is not hurried", awaited.imageId(), thrown));
    }
}
