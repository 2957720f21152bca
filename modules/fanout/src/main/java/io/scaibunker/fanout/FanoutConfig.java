package io.scaibunker.fanout;

import io.scaibunker.model.Settings;
import java.time.Duration;

/**
 * Keys {@code fanout.*}.
 *
 * @param sweep how long a lost nudge may cost
 */
public record FanoutConfig(Duration sweep) {
    public static FanoutConfig from(Settings all) {
        return new FanoutConfig(all.under("fanout.")
                .duration("sweep", Duration.ofSeconds(5), Duration.ofMillis(50), Duration.ofMinutes(10)));
    }
}
