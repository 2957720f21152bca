package io.scaibunker.network;

import java.nio.file.Path;

/**
 * Where a bunker's monitor runs and what it gives its guest.
 *
 * @param namespace the file by which one enters it
 * @param tap the device to take there
 * @param address the guest's, with its bits: {@code 10.0.0.2/30}
 * @param gateway also its nameserver
 * @param mtu the longest packet on the way out
 */
public record BunkerNetwork(Path namespace, String tap, String address, String gateway, int mtu) {}
