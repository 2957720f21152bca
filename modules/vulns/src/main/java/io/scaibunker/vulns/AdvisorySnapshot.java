package io.scaibunker.vulns;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The advisories of some ecosystems at one time. Immutable. */
public final class AdvisorySnapshot {
    private final SortedMap<String, AdvisoryIndex> indexes;

    AdvisorySnapshot(SortedMap<String, AdvisoryIndex> indexes) {
        this.indexes = indexes;
    }

    /** What is known of each ecosystem in it, by name. */
    public List<DatabaseStatus> status() {
        return indexes.values().stream().map(AdvisoryIndex::status).toList();
    }

    Optional<AdvisoryIndex> index(String ecosystem) {
        return Optional.ofNullable(indexes.get(ecosystem));
    }

    /** What a record of any of these ecosystems says of the severity of a vulnerability; the first by name that says it. */
    Optional<Rating> ratingOf(String id) {
        for (var index : indexes.values()) {
            var rating = index.ratingOf(id);
            if (rating.isPresent()) {
                return rating;
            }
        }
        return Optional.empty();
    }
}
