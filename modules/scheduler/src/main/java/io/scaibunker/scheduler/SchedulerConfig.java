package io.scaibunker.scheduler;

import io.scaibunker.model.Settings;
import java.time.Duration;

/**
 * Keys {@code scheduler.*}.
 *
 * @param workerStale a worker not heard for so long is lost
 * @param giveUpAfter bunkers of a worker not heard for so long have failed
 * @param sweep how often stale workers and unheard nudges are looked for
 */
public record SchedulerConfig(Duration workerStale, Duration giveUpAfter, Duration sweep) {
    public static SchedulerConfig from(Settings all) {
        Settings settings = all.under("scheduler.");
        return new SchedulerConfig(
                settings.duration(
                        "worker-stale", Duration.ofSeconds(25), Duration.ofMillis(200), Duration.ofMinutes(10)),
                settings.duration("give-up-after", Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofDays(1)),
                settings.duration("sweep", Duration.ofSeconds(2), Duration.ofMillis(50), Duration.ofMinutes(1)));
    }
}
