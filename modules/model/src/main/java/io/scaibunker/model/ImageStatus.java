package io.scaibunker.model;

/** Whether new bunkers may start from an image. */
public enum ImageStatus implements Word {
    ACTIVE,
    DEACTIVATED;
}
