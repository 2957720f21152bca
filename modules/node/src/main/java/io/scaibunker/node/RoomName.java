package io.scaibunker.node;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The rooms a node may host, in the order they open; they close the other way round. */
enum RoomName {
    FANOUT,
    SCHEDULER,
    SCANNER,
    WORKER,
    /** Last: who is answered by it finds the others there. */
    API;

    static List<String> words() {
        return Arrays.stream(values()).map(RoomName::word).toList();
    }

    static RoomName of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean needsDatabase() {
        return this != WORKER;
    }
}
