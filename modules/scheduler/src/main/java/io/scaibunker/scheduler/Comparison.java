package io.scaibunker.scheduler;

import io.scaibunker.model.Room;
import java.util.BitSet;
import java.util.Optional;

/** Finds, of the first few workers that have room, the one that suits best: the emptiest, in the emptier zone. */
final class Comparison {
    /** So many are compared; more would not be much better. */
    static final int COMPARED_MAX = 8;

    /** How much less it counts that a zone is full than that the worker is. */
    private static final double ZONE_WEIGHT = 0.2;

    /**
     * The one that was found.
     *
     * @param compared how many had room
     * @param full how many had not
     * @param score lower is better
     */
    record Pick(int slot, int compared, int full, double score) {}

    private final Fleet fleet;
    private final Room ask;
    private int compared;
    private int full;
    private int slot = -1;
    private double score = Double.MAX_VALUE;

    Comparison(Fleet fleet, Room ask) {
        this.fleet = fleet;
        this.ask = ask;
    }

    /** Looks at {@code among} in slots from {@code from} to before {@code to}, until enough are compared. */
    void look(BitSet among, int from, int to) {
        for (int at = among.nextSetBit(from);
                at >= 0 && at < to && compared < COMPARED_MAX;
                at = among.nextSetBit(at + 1)) {
            if (fleet.hasRoom(at, ask)) {
                compare(at);
            } else {
                full++;
            }
        }
    }

    private void compare(int candidate) {
        compared++;
        double theirs = fleet.fullness(candidate) + ZONE_WEIGHT * fleet.zoneFullness(candidate);
        if (theirs < score) {
            score = theirs;
            slot = candidate;
        }
    }

    Optional<Pick> best() {
        return slot < 0 ? Optional.empty() : Optional.of(new Pick(slot, compared, full, score));
    }
}
