package io.scaibunker.scheduler;

import io.scaibunker.model.ImageId;
import io.scaibunker.store.Candidates;
import io.scaibunker.store.Database;
import io.scaibunker.store.Events;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link Fleet} near the rows. Workers and groups are read as a whole, every second; an image when it is first asked
 * for, and again when the log of events names it. An event that became visible out of its turn may be missed here, so what was
 * read of an image is also forgotten after a while. All that only while somebody asks: a scheduler with nothing to do reads
 * nothing.
 *
 * <p>Lives on one event loop.
 */
final class FleetReader {
    private static final Logger LOG = LoggerFactory.getLogger(FleetReader.class);

    private static final Duration LOOK = Duration.ofMillis(100);
    private static final long READ_EVERY = Duration.ofSeconds(1).toNanos();

    /** Older than that, what is known of workers or of the log is not used any more. */
    private static final long TOO_OLD = Duration.ofSeconds(5).toNanos();

    private static final long IMAGES_AGE = Duration.ofSeconds(30).toNanos();
    private static final long ACTIVE = Duration.ofSeconds(10).toNanos();
    private static final int EVENTS_MAX = 20_000;

    private final Database database;
    private final Fleet fleet;
    private final BooleanSupplier waitedFor;
    private final Consumer<Set<ImageId>> changed;
    private final Runnable readAgain;
    private long usedAt;
    private long lookedAt;
    private long lastEvent;
    private boolean known;
    private boolean looking;
    private boolean reading;

    /**
     * @param waitedFor whether somebody waits for a change
     * @param changed told of images that are to be read again
     * @param readAgain told when workers and groups were read
     */
    FleetReader(
            Database database,
            Fleet fleet,
            BooleanSupplier waitedFor,
            Consumer<Set<ImageId>> changed,
            Runnable readAgain) {
        this.database = database;
        this.fleet = fleet;
        this.waitedFor = waitedFor;
        this.changed = changed;
        this.readAgain = readAgain;
    }

    /** @return the timer, to be cancelled at the end */
    long start(Vertx vertx) {
        return vertx.setPeriodic(LOOK.toMillis(), tick -> tick());
    }

    private void tick() {
        long now = System.nanoTime();
        if (!known || (now - usedAt > ACTIVE && !waitedFor.getAsBoolean())) {
            return;
        }
        if (!looking) {
            look().onFailure(FleetReader::later);
        }
        if (!reading && now - fleet.readAt() > READ_EVERY) {
            fleet.forgetOlderThan(now - IMAGES_AGE);
            readFleet().onFailure(FleetReader::later);
        }
    }

    private static void later(Throwable thrown) {
        LOG.debug("the fleet could not be read, the next look tries again", thrown);
    }

    /** What is known is not old, and these images are known, if there are such. */
    Future<Void> have(Collection<ImageId> images) {
        long now = System.nanoTime();
        usedAt = now;
        boolean old = !known || now - fleet.readAt() > TOO_OLD || now - lookedAt > TOO_OLD;
        Future<Void> ready = old ? begin() : Future.succeededFuture();
        return ready.compose(begun ->
                learn(images.stream().filter(id -> fleet.standing(id).isEmpty()).toList()));
    }

    /** Workers, groups and these images are read anew, after this call. */
    Future<Void> fresh(Collection<ImageId> images) {
        return readFleet().compose(read -> learn(List.copyOf(images)));
    }

    /** From the log's end; whatever was known of images may have changed meanwhile. */
    private Future<Void> begin() {
        return Events.lastId(database.client()).compose(last -> {
            lastEvent = last;
            lookedAt = System.nanoTime();
            known = true;
            fleet.forgetImages();
            return readFleet();
        });
    }

    private Future<Void> readFleet() {
        long at = System.nanoTime();
        reading = true;
        return Candidates.hosts(database.client())
                .compose(hosts -> Candidates.groups(database.client()).map(groups -> {
                    fleet.read(hosts, groups, at);
                    return hosts.size();
                }))
                .onComplete(done -> reading = false)
                .onSuccess(read -> readAgain.run())
                .mapEmpty();
    }

    private Future<Void> learn(List<ImageId> images) {
        if (images.isEmpty()) {
            return Future.succeededFuture();
        }
        long at = System.nanoTime();
        return Candidates.standings(database.client(), images)
                .map(standings -> {
                    images.forEach(fleet::forget);
                    standings.forEach(standing -> fleet.learn(standing, at));
                    return standings;
                })
                .mapEmpty();
    }

    private Future<Void> look() {
        looking = true;
        return Events.imagesChanged(database.client(), lastEvent, EVENTS_MAX)
                .map(changes -> {
                    lastEvent = Math.max(lastEvent, changes.last());
                    lookedAt = System.nanoTime();
                    changes.images().forEach(fleet::forget);
                    if (!changes.images().isEmpty()) {
                        changed.accept(changes.images());
                    }
                    return changes;
                })
                .onComplete(done -> looking = false)
                .mapEmpty();
    }
}
