package io.scaibunker.model;

/** A word that must not be printed: it prints as {@code ***}, so that a record holding one may be logged whole. */
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "***";
    }
}
