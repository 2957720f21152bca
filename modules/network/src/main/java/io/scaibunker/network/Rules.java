package io.scaibunker.network;

import io.scaibunker.model.AllowRule;
import io.scaibunker.model.NetworkProfile;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one bunker may reach.
 *
 * @param everything all that is public; then {@code allowed} says nothing
 * @param bandwidthMbit in each direction; 0 for no limit
 */
public record Rules(boolean everything, List<AllowRule> allowed, int bandwidthMbit) {
    public Rules {
        allowed = List.copyOf(allowed);
    }

    /** Empty for a profile that has no network here. */
    static Optional<Rules> of(
            NetworkProfile profile, List<AllowRule> allowlist, int bandwidthMbit, NetworkSettings settings) {
        return switch (profile) {
            case ISOLATED, TRANSIT -> Optional.empty();
            case UNRESTRICTED -> Optional.of(new Rules(true, List.of(), bandwidthMbit));
            case ALLOWLISTED -> Optional.of(new Rules(false, allowlist, bandwidthMbit));
            case REGISTRY -> Optional.of(new Rules(false, settings.registries(), bandwidthMbit));
        };
    }

    /** Whether a name may be asked for. */
    boolean names(String name) {
        return everything || allowed.stream().anyMatch(rule -> rule.names(name));
    }

    /** On which ports what has that name may be reached; 0 means all of them. */
    Set<Integer> ports(String name) {
        Set<Integer> ports = new TreeSet<>();
        allowed.stream().filter(rule -> rule.names(name)).forEach(rule -> ports.add(rule.port()));
        return ports.contains(0) ? Set.of(0) : ports;
    }
}
