package io.scaibunker.scheduler;

import io.scaibunker.scheduler.Placement.Chosen;
import io.vertx.core.json.JsonObject;

/** Why this worker, as it is kept with the bunker and shown to whoever asks. */
final class PlacementRecord {
    private PlacementRecord() {}

    static JsonObject of(Chosen chosen, int attempts) {
        JsonObject passed = new JsonObject();
        chosen.passed().forEach((reason, count) -> passed.put(reason.word(), count));
        return new JsonObject()
                .put("copy", chosen.copy().word())
                .put("considered", chosen.considered())
                .put("passed_over", passed)
                .put("compared", chosen.compared())
                .put(
                        "score",
                        new JsonObject()
                                .put("free", share(1 - chosen.fullness()))
                                .put("zone_free", share(1 - chosen.zoneFullness())))
                .put("attempts", attempts);
    }

    private static double share(double exact) {
        return Math.round(Math.clamp(exact, 0, 1) * 1000) / 1000.0;
    }
}
