package io.scaibunker.vulns;

import org.jspecify.annotations.Nullable;

/**
 * A severity and who says so.
 *
 * @param source where it was found: {@code ubuntu}, {@code debian-urgency}, {@code summary}, {@code database}, {@code CVSS_V3}, …, with
 *     {@code alias:ID/} in front if another record for the same vulnerability said it; {@code none} if nobody did
 * @param vector the CVSS vector it was computed from
 */
public record Rating(
        Severity severity, String source, @Nullable String vector) {
    static final Rating NONE = new Rating(Severity.UNKNOWN, "none", null);

    boolean known() {
        return severity != Severity.UNKNOWN;
    }

    Rating saidBy(String id) {
        return new Rating(severity, "alias:" + id + "/" + source, vector);
    }
}
