package io.scaibunker.vulns;

import io.scaibunker.vulns.Inventory.Gap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How much of an image a scan looked at: without this no verdict is a proof.
 *
 * @param packages how many it knew of
 * @param byEcosystem the same, by ecosystem with release
 * @param gaps what it did not look at
 */
public record Coverage(int packages, SortedMap<String, Integer> byEcosystem, List<Gap> gaps) {
    public boolean complete() {
        return gaps.isEmpty();
    }

    /** What an inventory and a snapshot cover together: advisories that are missing leave gaps as unread files do. */
    static Coverage of(Inventory inventory, AdvisorySnapshot advisories) {
        var byEcosystem = new HashMap<Ecosystem, Integer>();
        inventory.components().forEach(component -> byEcosystem.merge(component.ecosystem(), 1, Integer::sum));
        var counts = new TreeMap<String, Integer>();
        byEcosystem.forEach((ecosystem, count) ->
                counts.merge(ecosystem.base().isEmpty() ? "unknown" : ecosystem.toString(), count, Integer::sum));
        var gaps = new ArrayList<>(inventory.gaps());
        for (var ecosystem : inventory.ecosystems()) {
            if (advisories.index(ecosystem).isEmpty()) {
                gaps.add(new Gap(ScanReason.DB_MISSING, "", "there are no advisories for " + ecosystem));
            }
        }
        inventory.components().stream()
                .filter(component -> component.kind().ofSystem())
                .map(Component::ecosystem)
                .distinct()
                .filter(ecosystem -> advisories.index(ecosystem.base()).isPresent())
                .filter(ecosystem ->
                        !advisories.index(ecosystem.base()).orElseThrow().speaksOf(ecosystem))
                .forEach(ecosystem ->
                        gaps.add(new Gap(ScanReason.DB_MISSING, "", "there are no advisories for " + ecosystem)));
        return new Coverage(inventory.components().size(), counts, List.copyOf(gaps));
    }
}
