package io.scaibunker.vulns;

import java.util.Locale;
import java.util.Optional;

/** How bad a vulnerability is. In this order, but what is unknown is not thereby harmless: it is counted apart. */
public enum Severity {
    UNKNOWN,
    NEGLIGIBLE,
    LOW,
    MEDIUM,
    HIGH,
    CRITICAL;

    /** The words of GitHub, Red Hat and its kin, Debian, Ubuntu, Trivy and Grype; empty for any other. */
    static Optional<Severity> ofWord(String word) {
        return Optional.ofNullable(
                switch (word.strip().toLowerCase(Locale.ROOT)) {
                    case "critical" -> CRITICAL;
                    case "high", "important" -> HIGH;
                    case "medium", "moderate" -> MEDIUM;
                    case "low", "minor" -> LOW;
                    case "negligible", "unimportant", "none" -> NEGLIGIBLE;
                    default -> null;
                });
    }

    /** The bands of CVSS; version 2 knows no critical. */
    static Severity ofScore(double score, boolean version2) {
        if (score >= 9.0 && !version2) {
            return CRITICAL;
        }
        if (score >= 7.0) {
            return HIGH;
        }
        if (score >= 4.0) {
            return MEDIUM;
        }
        return score > 0 ? LOW : NEGLIGIBLE;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
