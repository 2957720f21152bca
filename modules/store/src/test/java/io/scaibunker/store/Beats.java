package io.scaibunker.store;

import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Workers.Beat;
import java.util.Map;
import java.util.Optional;

/** What a worker says of itself. */
final class Beats {
    private Beats() {}

    static Beat of(WorkerId id) {
        return of(id, IncarnationId.fresh(), new Room(4000, 8192, 65536));
    }

    static Beat of(WorkerId id, IncarnationId run, Room capacity) {
        return new Beat(
                id,
                run,
                "w",
                capacity,
                1L << 40,
                "127.0.0.1:7100",
                "qemu",
                "tcg",
                "z",
                Map.of("a", "b"),
                Map.of(),
                WorkerAbilities.UNKNOWN,
                Optional.of(1L << 41));
    }
}
