package io.scaibunker.guest;

import java.time.Duration;

/**
 * What the agent says of itself when it answers.
 *
 * @param protocol the version of the wire it speaks
 * @param features bits for what it can do beyond that version; of a request's flags: with a terminal, file work
 * @param uptime how long the guest's kernel had been running
 * @param agentVersion at most 64 printable characters
 */
public record GuestHello(int protocol, int features, Duration uptime, String agentVersion) {}
