package io.scaibunker.network;

import io.scaibunker.model.NetworkProfile;
import java.util.List;

/**
 * What a host can give its bunkers.
 *
 * @param reason a sentence for operators: how, or why not more
 */
public record NetworkAbility(List<NetworkProfile> profiles, String reason) {
    /** No network device. */
    public static NetworkAbility isolatedOnly(String reason) {
        return new NetworkAbility(List.of(NetworkProfile.ISOLATED), reason);
    }
}
