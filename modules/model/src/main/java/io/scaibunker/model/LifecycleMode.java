package io.scaibunker.model;

/** How long a bunker is meant to live. */
public enum LifecycleMode implements Word {
    EPHEMERAL,
    SESSION,
    PERSISTENT;
}
