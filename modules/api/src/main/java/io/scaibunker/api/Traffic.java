package io.scaibunker.api;

import io.scaibunker.bus.RequestScope;
import io.scaibunker.telemetry.Measure;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request on its way through a door: what is logged for it has its id, what it took is measured. */
final class Traffic {
    /** Says every request where {@code log.requests} is on. */
    private static final Logger LOG = LoggerFactory.getLogger("io.scaibunker.requests");

    /** Where a request came in. */
    enum Door {
        HTTP,
        BUS;

        private final String word = name().toLowerCase(Locale.ROOT);
    }

    private final Door door;
    private final Contract.Entry entry;
    private final long began = System.nanoTime();

    private Traffic(Door door, Contract.Entry entry) {
        this.door = door;
        this.entry = entry;
    }

    /** On the context that was made for it. */
    static Traffic enter(Door door, Contract.Entry entry, String requestId) {
        RequestScope.enter(requestId);
        return new Traffic(door, entry);
    }

    void left(Envelope envelope) {
        long nanos = System.nanoTime() - began;
        Measure.API_REQUEST.took(nanos, entry.id(), door.word, Integer.toString(envelope.status()));
        LOG.debug("{} by {}: {} in {} ms", entry.id(), door.word, envelope.status(), nanos / 1_000_000);
    }
}
