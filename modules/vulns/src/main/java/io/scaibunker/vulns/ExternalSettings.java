package io.scaibunker.vulns;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where another scanner is and how far it may go.
 *
 * @param program its path, or its name to be looked up in {@code PATH} at each scan
 * @param cache the folder of its database, which nobody else writes to while a scan runs
 * @param timeout after which it is ended, with all that it started
 * @param outputBytes the most that it may print
 */
public record ExternalSettings(String program, Path cache, Duration timeout, int outputBytes) {
    /** Five minutes and 64 MiB. */
    public static ExternalSettings of(String program, Path cache) {
        return new ExternalSettings(program, cache, Duration.ofMinutes(5), 64 << 20);
    }
}
