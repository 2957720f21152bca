package io.scaibunker.scanner;

import io.scaibunker.model.Settings;
import java.time.Duration;

/**
 * Keys {@code scanner.*}.
 *
 * @param sweep how often pending scans and unwanted copies are looked for without a nudge
 * @param lease how long a claimed scan belongs to its claimer
 * @param slots how many scans run at once on this node
 */
public record ScannerConfig(Duration sweep, Duration lease, int slots) {
    public static ScannerConfig from(Settings all) {
        Settings settings = all.under("scanner.");
        return new ScannerConfig(
                settings.duration("sweep", Duration.ofMinutes(2), Duration.ofMillis(50), Duration.ofHours(1)),
                settings.duration("lease", Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofHours(6)),
                settings.integer("slots", 2, 1, 64));
    }
}
