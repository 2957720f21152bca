package io.scaibunker.vulns;

import io.scaibunker.vulns.OsvRecord.Scored;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import us.springett.cvss.Cvss;

/**
 * Finds the severity of an advisory. The first that answers wins: what the distribution says of its own package, the word in the
 * summary of an erratum, the word of the database, CVSS 4, 3, 2; what names malice is critical. A vector that cannot be read is
 * passed over.
 */
final class Ratings {
    private static final List<String> TYPES = List.of("CVSS_V4", "CVSS_V3", "CVSS_V2");
    private static final int LONGEST_VECTOR = 512;

    private final Map<String, Rating> byVector = new HashMap<>();

    /** Of one package in a record, where it differs from the record's; null if nothing is said of it alone. */
    @Nullable
    Rating ofAffected(OsvRecord.Entry entry) {
        var word = entry.severityWord;
        if (word != null) {
            // Debian marks a guess with a star.
            var known = Severity.ofWord(word.replace("*", ""));
            if (known.isPresent()) {
                return new Rating(known.get(), entry.severityWordSource, null);
            }
        }
        return ofScores(entry.severities);
    }

    /** Of a record as a whole. */
    Rating of(OsvRecord record) {
        var ubuntu = ubuntu(record.severities);
        if (ubuntu != null) {
            return ubuntu;
        }
        if (record.isErratum()) {
            var colon = record.summary.indexOf(':');
            var word = colon < 0
                    ? null
                    : Severity.ofWord(record.summary.substring(0, colon)).orElse(null);
            if (word != null) {
                return new Rating(word, "summary", null);
            }
        }
        if (record.databaseSeverity != null) {
            var word = Severity.ofWord(record.databaseSeverity).orElse(null);
            if (word != null) {
                return new Rating(word, "database", null);
            }
        }
        var scored = ofScores(record.severities);
        if (scored != null) {
            return scored;
        }
        return record.id.startsWith("MAL-") ? new Rating(Severity.CRITICAL, "malicious", null) : Rating.NONE;
    }

    private @Nullable Rating ofScores(List<Scored> severities) {
        var ubuntu = ubuntu(severities);
        if (ubuntu != null) {
            return ubuntu;
        }
        for (var type : TYPES) {
            for (var scored : severities) {
                if (scored.type().equals(type)) {
                    var rating = ofVector(type, scored.score());
                    if (rating.known()) {
                        return rating;
                    }
                }
            }
        }
        return null;
    }

    private static @Nullable Rating ubuntu(List<Scored> severities) {
        for (var scored : severities) {
            if (scored.type().equals("Ubuntu")) {
                var word = Severity.ofWord(scored.score());
                if (word.isPresent()) {
                    return new Rating(word.get(), "ubuntu", null);
                }
            }
        }
        return null;
    }

    private Rating ofVector(String type, String vector) {
        return byVector.computeIfAbsent(vector, unseen -> score(type, vector));
    }

    private static Rating score(String type, String vector) {
        if (vector.length() > LONGEST_VECTOR) {
            return Rating.NONE;
        }
        try {
            var cvss = Cvss.fromVector(vector);
            if (cvss == null) {
                return Rating.NONE;
            }
            var score = cvss.calculateScore().getBaseScore();
            return new Rating(Severity.ofScore(score, type.equals("CVSS_V2")), type, vector);
        } catch (RuntimeException malformed) {
            // The library throws whatever comes to it on odd vectors.
            return Rating.NONE;
        }
    }
}
