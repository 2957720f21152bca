package io.scaibunker.bus;

import java.time.Duration;

/**
 * How a command ended.
 *
 * @param exitCode 128 + signal where a signal ended it
 * @param signal 0 for none
 * @param notStarted why it could not be started, or the work with a file be done; empty when it was
 */
public record ExecEnd(int exitCode, int signal, boolean timedOut, Duration duration, String notStarted) {}
