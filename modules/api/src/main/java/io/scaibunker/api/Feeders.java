package io.scaibunker.api;

import io.scaibunker.store.Workers.Named;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers that copies come from, with their names. Looked up in one go when an id is heard that is not known, and again
 * while any are asked for. So a name may be late by as much; nobody decides by it.
 *
 * <p>Lives on one event loop.
 */
final class Feeders {
    private static final Logger LOG = LoggerFactory.getLogger(Feeders.class);

    /** How long after a look an id that was not found is worth another one. */
    static final Duration UNKNOWN_FOR = Duration.ofSeconds(2);

    /** How long somebody is taken to be who they were. */
    static final Duration KNOWN_FOR = Duration.ofSeconds(30);

    private final InstantSource clock;
    private final Supplier<Future<Map<String, Named>>> look;
    private Map<String, Named> known = Map.of();
    private Instant lookedAt = Instant.MIN;

    /** @param look brings all workers that serve copies, by id */
    Feeders(InstantSource clock, Supplier<Future<Map<String, Named>>> look) {
        this.clock = clock;
        this.look = look;
    }

    Optional<Named> of(String id) {
        Optional<Named> found = Optional.ofNullable(known.get(id));
        Instant now = clock.instant();
        if (lookedAt.plus(found.isPresent() ? KNOWN_FOR : UNKNOWN_FOR).isBefore(now)) {
            lookedAt = now;
            look.get()
                    .onSuccess(workers -> known = workers)
                    .onFailure(thrown -> LOG.debug("who feeds whom is looked up later", thrown));
        }
        return found;
    }
}
