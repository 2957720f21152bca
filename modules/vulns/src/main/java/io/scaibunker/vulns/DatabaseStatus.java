package io.scaibunker.vulns;

import java.time.Duration;
import java.time.Instant;

/**
 * What is known of the advisories of one ecosystem.
 *
 * @param ecosystem its name in OSV, without a release
 * @param source the files they were read from
 * @param records how many records, the withdrawn counted; {@link #NOT_SAID} for the database of another scanner
 * @param withdrawn how many of them were taken back
 * @param unreadable how many could not be read and are not used
 * @param entries packages that records affect
 * @param commitsOnly packages passed over because their ranges speak of commits only
 * @param newest when the newest record was modified; if none says so, when the files were written
 */
public record DatabaseStatus(
        String ecosystem,
        String source,
        int records,
        int withdrawn,
        int unreadable,
        int entries,
        int commitsOnly,
        Instant newest) {
    /** In place of a number that the owner of the database keeps to itself. */
    public static final int NOT_SAID = -1;

    /** How old the newest record is. */
    public Duration age(Instant now) {
        return newest.isAfter(now) ? Duration.ZERO : Duration.between(newest, now);
    }
}
