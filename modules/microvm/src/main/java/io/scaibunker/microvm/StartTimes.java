package io.scaibunker.microvm;

import java.time.Duration;

/**
 * What the start of a machine has cost its host.
 *
 * @param scratch to make its disk
 * @param spawn from there until its monitor took connections
 */
public record StartTimes(Duration scratch, Duration spawn) {
    static final StartTimes NONE = new StartTimes(Duration.ZERO, Duration.ZERO);
}
