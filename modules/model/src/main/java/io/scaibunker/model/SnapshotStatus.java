package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** How a snapshot stands on the worker that takes and keeps it. */
public enum SnapshotStatus implements State<SnapshotStatus> {
    PENDING,
    CREATING,
    READY,
    FAILED,
    /** Its worker has nothing of it any more. */
    DELETED;

    @Override
    public Set<SnapshotStatus> next() {
        return switch (this) {
            case PENDING -> EnumSet.of(CREATING, FAILED, DELETED);
            case CREATING -> EnumSet.of(READY, FAILED, DELETED);
            // READY → FAILED: the worker lost it, or was lost itself.
            case READY -> EnumSet.of(FAILED, DELETED);
            case FAILED -> EnumSet.of(DELETED);
            case DELETED -> EnumSet.noneOf(SnapshotStatus.class);
        };
    }
}
