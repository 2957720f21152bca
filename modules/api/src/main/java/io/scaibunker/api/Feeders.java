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
 * Who is behind the addresses that copies come from: workers name each other by address, callers know them by id and name.
 * Looked up in one go when an address is heard that nobody is known at, and again while any are asked for. So a name may
 * be late by as much; nobody decides by it.
 *
 * <p>Lives on one event loop.
 */
final class Feeders {
    private static final Logger LOG = LoggerFactory.getLogger(Feeders.class);

    /** How long after a look an address that was not found is worth another one. */
    static final Duration UNKNOWN_FOR = Duration.ofSeconds(2);

    /** How long somebody is taken to be where they were. */
    static final Duration KNOWN_FOR = Duration.ofSeconds(30);

    private final InstantSource clock;
    private final Supplier<Future<Map<String, Named>>> look;
    private Map<String, Named> known = Map.of();
    private Instant lookedAt = Instant.MIN;

    /** @param look brings all workers that serve copies, by address */
    Feeders(InstantSource clock, Supplier<Future<Map<String, Named>>> look) {
        this.clock = clock;
        this.look = look;
    }

    Optional<Named> at(String address) {
        Optional<Named> found = Optional.ofNullable(known.get(address));
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
