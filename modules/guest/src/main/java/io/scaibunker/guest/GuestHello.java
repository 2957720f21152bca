package io.scaibunker.guest;

import java.time.Duration;

/**
 * What the agent says of itself when it answers.
 *
 * @param protocol the version of the wire it speaks
 * @param features bits for what it can do beyond that version; with a terminal, file work, the clock, {@code start}
 * @param uptime how long the guest's kernel had been running
 * @param start how long it had been running when the agent began; zero where the agent does not tell
 * @param agentVersion at most 64 printable characters
 */
public record GuestHello(int protocol, int features, Duration uptime, Duration start, String agentVersion) {}
