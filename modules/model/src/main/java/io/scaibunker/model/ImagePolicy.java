package io.scaibunker.model;

/** Which images a group covers: those put in, or every one that its owner sees. */
public enum ImagePolicy implements Word {
    LISTED,
    ALL;
}
