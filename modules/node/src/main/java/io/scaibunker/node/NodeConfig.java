package io.scaibunker.node;

import io.scaibunker.model.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What this process hosts.
 *
 * @param stopTime how long an orderly stop may take before the process ends anyway
 * @param secretsKeyFile what the tenants' secrets in the database are sealed with; made at the first start
 */
record NodeConfig(Path dataDir, Set<RoomName> rooms, Duration stopTime, Path secretsKeyFile) {
    static NodeConfig from(Settings all) {
        var settings = all.under("node.");
        var rooms = EnumSet.noneOf(RoomName.class);
        settings.list("rooms", RoomName.words(), RoomName.words()).forEach(word -> rooms.add(RoomName.of(word)));
        return new NodeConfig(
                settings.path("data-dir", "var"),
                rooms,
                settings.duration("stop-time", Duration.ofSeconds(8), Duration.ofSeconds(1), Duration.ofMinutes(10)),
                settings.dataPath("secrets-key-file", "secrets-key"));
    }

    /** Whether a room is among them that works on rows. */
    boolean needsDatabase() {
        return rooms.stream().anyMatch(RoomName::needsDatabase);
    }

    /** Whether it talks to bunkers elsewhere, or serves bunkers to others. */
    boolean isPartOfAFleet() {
        return rooms.contains(RoomName.API) != rooms.contains(RoomName.WORKER);
    }
}
