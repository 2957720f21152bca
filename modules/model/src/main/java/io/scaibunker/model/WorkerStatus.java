package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** How the platform sees a worker. */
public enum WorkerStatus implements State<WorkerStatus> {
    JOINING,
    READY,
    DRAINING,
    LOST;

    @Override
    public Set<WorkerStatus> next() {
        return switch (this) {
            case JOINING -> EnumSet.of(READY, DRAINING, LOST);
            case READY -> EnumSet.of(DRAINING, LOST);
            case DRAINING -> EnumSet.of(READY, LOST);
            case LOST -> EnumSet.of(READY, DRAINING);
        };
    }
}
