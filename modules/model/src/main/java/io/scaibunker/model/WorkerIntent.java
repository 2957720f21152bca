package io.scaibunker.model;

/** What is wanted of a worker; what is seen is its {@link WorkerStatus}. */
public enum WorkerIntent implements Word {
    SERVE,
    DRAIN;
}
