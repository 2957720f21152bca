package io.scaibunker.model;

/** Why a bunker has ended, or is about to. */
public enum EndReason implements Word {
    /** Somebody asked for it. */
    DELETED,
    /** It has lived as long as it was to live. */
    LIFETIME,
    /** Nobody used it for as long as that was to go on. */
    IDLE,
    /** Its worker was drained, and the time for that was over. */
    DRAINED,
    /** Its guest powered off, and nobody wants it started again. */
    POWERED_OFF,
    /** Its machine, its worker or its start failed: the bunker's failure says how. */
    FAILED;
}
