package io.scaibunker.api;

import io.scaibunker.store.Workers.Named;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.Set;

/**
 * Where the bytes of a copy come from.
 *
 * @param word {@code registry}, {@code tar}, {@code snapshot}, or {@code peer} for another worker
 * @param worker that one; empty for what is none, and while it is not known who it is
 */
record CopySource(String word, Optional<Named> worker) {
    private static final Set<String> OUTSIDE = Set.of("registry", "tar", "snapshot");
    private static final String PEER = "peer";

    /** @param told as workers tell it: a word, or the id of another worker */
    static CopySource of(String told, Feeders feeders) {
        return OUTSIDE.contains(told) ? new CopySource(told, Optional.empty()) : new CopySource(PEER, feeders.of(told));
    }

    boolean isPeer() {
        return word.equals(PEER);
    }

    /** @param named whether who is shown it may know which worker it is */
    JsonObject put(JsonObject into, boolean named) {
        Optional<Named> shown = worker.filter(any -> named);
        return into.put("source", shown.map(peer -> peer.id().toString()).orElse(word))
                .put("source_name", Shown.orNull(shown.map(Named::name)));
    }
}
