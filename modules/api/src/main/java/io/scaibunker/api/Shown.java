package io.scaibunker.api;

import io.scaibunker.model.Room;
import io.scaibunker.model.WarmCounts;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How values that several resources share look in an answer. */
final class Shown {
    private Shown() {}

    /** UTC, ISO 8601, milliseconds, with Z. */
    static String time(OffsetDateTime time) {
        return time.toInstant().truncatedTo(ChronoUnit.MILLIS).toString();
    }

    static @Nullable String time(Optional<OffsetDateTime> time) {
        return time.map(Shown::time).orElse(null);
    }

    static @Nullable Object orNull(Optional<?> value) {
        return value.map(Object.class::cast).orElse(null);
    }

    static JsonObject room(Room room) {
        return new JsonObject()
                .put("cpu_millicores", room.cpuMillicores())
                .put("memory_mb", room.memoryMb())
                .put("disk_mb", room.diskMb());
    }

    static JsonObject warm(WarmCounts counts) {
        return new JsonObject()
                .put("queued", counts.queued())
                .put("ready", counts.ready())
                .put("failed", counts.failed())
                .put("skipped", counts.skipped());
    }

    static @Nullable JsonObject failure(Optional<? extends Enum<?>> code, Optional<String> message) {
        return code.map(told -> new JsonObject().put("code", told.name()).put("message", message.orElse("")))
                .orElse(null);
    }
}
