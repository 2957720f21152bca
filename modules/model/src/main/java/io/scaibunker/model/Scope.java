package io.scaibunker.model;

/** Who sees a thing: its tenant, all tenants of its partner, or everyone. */
public enum Scope implements Word {
    TENANT,
    PARTNER,
    PLATFORM;
}
