package io.scaibunker.model;

import java.util.List;
import java.util.Map;

/**
 * What a worker has found out that it can do.
 *
 * @param networkProfiles that it can give its bunkers
 * @param enforced which limits hold: {@code memory}, {@code disk}, {@code cpu}, …
 * @param reasons by the word of a limit, {@code network} or {@code confinement}: how, or why not
 */
public record WorkerAbilities(
        List<NetworkProfile> networkProfiles, List<String> enforced, Map<String, String> reasons) {
    /** Of a worker that has not said anything: an older one, or one that has not looked yet. */
    public static final WorkerAbilities UNKNOWN =
            new WorkerAbilities(List.of(NetworkProfile.ISOLATED), List.of(), Map.of());

    public WorkerAbilities {
        networkProfiles = List.copyOf(networkProfiles);
        enforced = List.copyOf(enforced);
        reasons = Map.copyOf(reasons);
    }
}
