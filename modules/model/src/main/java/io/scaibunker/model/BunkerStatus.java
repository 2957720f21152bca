package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** Where a bunker is in its life. */
public enum BunkerStatus implements State<BunkerStatus> {
    PENDING,
    PROVISIONING,
    RUNNING,
    PAUSED,
    TERMINATING,
    TERMINATED,
    FAILED;

    @Override
    public Set<BunkerStatus> next() {
        return switch (this) {
            case PENDING -> EnumSet.of(PROVISIONING, RUNNING, TERMINATING, TERMINATED, FAILED);
            case PROVISIONING -> EnumSet.of(RUNNING, TERMINATING, TERMINATED, FAILED);
            case RUNNING -> EnumSet.of(PROVISIONING, PAUSED, TERMINATING, TERMINATED, FAILED);
            case PAUSED -> EnumSet.of(PROVISIONING, RUNNING, TERMINATING, TERMINATED, FAILED);
            case TERMINATING -> EnumSet.of(TERMINATED, FAILED);
            case TERMINATED, FAILED -> EnumSet.noneOf(BunkerStatus.class);
        };
    }
}
