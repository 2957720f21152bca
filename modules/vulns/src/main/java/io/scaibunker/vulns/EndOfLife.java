package io.scaibunker.vulns;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;

/**
 * Until when distributions publish advisories for a release, to everybody. What was found later is in no advisory, so few findings say
 * little about a release that has ended.
 */
final class EndOfLife {
    private static final Map<String, String> ENDS = Map.ofEntries(
            Map.entry("Debian:8", "2020-06-30"),
            Map.entry("Debian:9", "2022-06-30"),
            Map.entry("Debian:10", "2024-06-30"),
            Map.entry("Debian:11", "2026-08-31"),
            Map.entry("Debian:12", "2028-06-30"),
            Map.entry("Debian:13", "2030-06-30"),
            Map.entry("Ubuntu:14.04", "2019-04-25"),
            Map.entry("Ubuntu:16.04", "2021-04-30"),
            Map.entry("Ubuntu:18.04", "2023-05-31"),
            Map.entry("Ubuntu:20.04", "2025-05-31"),
            Map.entry("Ubuntu:22.04", "2027-05-31"),
            Map.entry("Ubuntu:23.10", "2024-07-11"),
            Map.entry("Ubuntu:24.04", "2029-05-31"),
            Map.entry("Ubuntu:24.10", "2025-07-10"),
            Map.entry("Ubuntu:25.04", "2026-01-15"),
            Map.entry("Alpine:v3.8", "2020-05-01"),
            Map.entry("Alpine:v3.9", "2020-11-01"),
            Map.entry("Alpine:v3.10", "2021-05-01"),
            Map.entry("Alpine:v3.11", "2021-11-01"),
            Map.entry("Alpine:v3.12", "2022-05-01"),
            Map.entry("Alpine:v3.13", "2022-11-01"),
            Map.entry("Alpine:v3.14", "2023-05-01"),
            Map.entry("Alpine:v3.15", "2023-11-01"),
            Map.entry("Alpine:v3.16", "2024-05-23"),
            Map.entry("Alpine:v3.17", "2024-11-22"),
            Map.entry("Alpine:v3.18", "2025-05-09"),
            Map.entry("Alpine:v3.19", "2025-11-01"),
            Map.entry("Alpine:v3.20", "2026-04-01"),
            Map.entry("Alpine:v3.21", "2026-11-01"),
            Map.entry("Alpine:v3.22", "2027-05-01"),
            Map.entry("AlmaLinux:8", "2029-03-01"),
            Map.entry("AlmaLinux:9", "2032-05-31"),
            Map.entry("Rocky Linux:8", "2029-05-31"),
            Map.entry("Rocky Linux:9", "2032-05-31"),
            Map.entry("Red Hat:6", "2020-11-30"),
            Map.entry("Red Hat:7", "2024-06-30"),
            Map.entry("Red Hat:8", "2029-05-31"),
            Map.entry("Red Hat:9", "2032-05-31"),
            Map.entry("openSUSE:Leap 15.4", "2023-12-07"),
            Map.entry("openSUSE:Leap 15.5", "2024-12-31"),
            Map.entry("openSUSE:Leap 15.6", "2026-04-30"));

    private EndOfLife() {}

    /**
     * What a reader of a verdict should know; empty for a release that lives, or that is not known here.
     *
     * @param ecosystem with its release, as {@code Debian:10}
     */
    static Optional<String> note(String ecosystem, Instant now) {
        return Optional.ofNullable(ENDS.get(ecosystem))
                .map(LocalDate::parse)
                .filter(end -> !now.isBefore(
                        end.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant()))
                .map(end -> ecosystem + " came to its end on " + end + ": what was found later is in no advisory");
    }
}
