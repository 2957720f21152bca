package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** How one image stands on one worker. */
public enum CacheStatus implements State<CacheStatus> {
    PENDING,
    BUILDING,
    READY,
    FAILED,
    EVICTED;

    @Override
    public Set<CacheStatus> next() {
        return switch (this) {
            // PENDING → READY: the worker already held the copy when it was asked.
            case PENDING -> EnumSet.of(BUILDING, READY, FAILED, EVICTED);
            // BUILDING → PENDING: the worker that built it died or gave it back.
            case BUILDING -> EnumSet.of(READY, FAILED, PENDING, EVICTED);
            // READY → PENDING: the worker lost the file and says so.
            case READY -> EnumSet.of(EVICTED, PENDING);
            // FAILED → READY: the worker was given up while away, and comes back with the copy.
            case FAILED -> EnumSet.of(PENDING, READY, EVICTED);
            case EVICTED -> EnumSet.of(PENDING);
        };
    }
}
