package io.scaibunker.model;

/** What a bunker may reach. */
public enum NetworkProfile implements Word {
    ISOLATED,
    REGISTRY,
    ALLOWLISTED,
    UNRESTRICTED,
    TRANSIT;
}
