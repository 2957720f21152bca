package io.scaibunker.model;

/** What is wanted of a bunker; what is seen is its {@link BunkerStatus}. */
public enum BunkerIntent implements Word {
    RUN,
    PAUSE,
    END;
}
