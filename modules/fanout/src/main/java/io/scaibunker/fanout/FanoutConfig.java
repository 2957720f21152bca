package io.scaibunker.fanout;

import io.scaibunker.model.Settings;
import java.time.Duration;

/**
 * Keys {@code fanout.*}.
 *
 * @param sweep how long a lost nudge may cost
 * @param bakeLease how long a bake may show no progress before another worker takes it over
 */
public record FanoutConfig(Duration sweep, Duration bakeLease) {
    public static FanoutConfig from(Settings all) {
        Settings settings = all.under("fanout.");
        return new FanoutConfig(
                settings.duration("sweep", Duration.ofSeconds(5), Duration.ofMillis(50), Duration.ofMinutes(10)),
                settings.duration("bake-lease", Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofHours(1)));
    }
}
