package io.scaibunker.model;

import java.util.List;

/**
 * What a bunker may reach, as it was asked for.
 *
 * @param allowlist entries as {@link AllowRule} reads them; of profile {@code allowlisted} alone
 * @param bandwidthMbit in each direction; 0 for no limit
 */
public record NetworkWish(NetworkProfile profile, List<String> allowlist, int bandwidthMbit) {
    public static final NetworkWish ISOLATED = new NetworkWish(NetworkProfile.ISOLATED, List.of(), 0);

    public NetworkWish {
        allowlist = List.copyOf(allowlist);
    }
}
