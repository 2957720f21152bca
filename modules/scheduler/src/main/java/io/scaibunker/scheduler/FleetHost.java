package io.scaibunker.scheduler;

import io.scaibunker.model.Room;
import io.scaibunker.store.Candidates;

/** A worker in its slot of the fleet: as it was read, and what is booked there since. */
final class FleetHost {
    private final Candidates.Host seen;
    private Room allocated;
    private Room free;
    private double fullness;
    private long toldAt = Long.MIN_VALUE;

    FleetHost(Candidates.Host seen) {
        this.seen = seen;
        this.allocated = seen.allocated();
        this.free = seen.capacity().minus(allocated);
        this.fullness = fullness(allocated, seen.capacity());
    }

    Candidates.Host seen() {
        return seen;
    }

    Room allocated() {
        return allocated;
    }

    Room free() {
        return free;
    }

    /** Of the part that is fullest: 0 to 1, and more where the worker came back smaller than it was. */
    double fullness() {
        return fullness;
    }

    /** When this scheduler last learnt its room from a booking. */
    long toldAt() {
        return toldAt;
    }

    void holds(Room now) {
        allocated = now;
        free = seen.capacity().minus(now);
        fullness = fullness(now, seen.capacity());
    }

    void told(Room now, long at) {
        holds(now);
        toldAt = at;
    }

    private static double fullness(Room taken, Room all) {
        return Math.max(
                share(taken.cpuMillicores(), all.cpuMillicores()),
                Math.max(share(taken.memoryMb(), all.memoryMb()), share(taken.diskMb(), all.diskMb())));
    }

    private static double share(int taken, int all) {
        return all == 0 ? 1 : (double) taken / all;
    }
}
