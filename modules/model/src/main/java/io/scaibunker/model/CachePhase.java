package io.scaibunker.model;

/** What a worker is doing while a cache row is {@link CacheStatus#BUILDING}. */
public enum CachePhase implements Word {
    RESOLVING,
    BAKING,
    WAITING_FOR_PEER,
    FETCHING,
    VERIFYING;
}
