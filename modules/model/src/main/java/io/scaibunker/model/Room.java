package io.scaibunker.model;

/** Room on a worker, asked for or offered: processor thousandths, memory MiB, scratch disk MiB. */
public record Room(int cpuMillicores, int memoryMb, int diskMb) {
    public static final Room NONE = new Room(0, 0, 0);

    public Room {
        if (cpuMillicores < 0 || memoryMb < 0 || diskMb < 0) {
            throw new IllegalArgumentException(
                    "value: " + cpuMillicores + "/" + memoryMb + "/" + diskMb + " (expected: no negative part)");
        }
    }

    public boolean holds(Room ask) {
        return ask.cpuMillicores <= cpuMillicores && ask.memoryMb <= memoryMb && ask.diskMb <= diskMb;
    }

    public Room plus(Room more) {
        return new Room(cpuMillicores + more.cpuMillicores, memoryMb + more.memoryMb, diskMb + more.diskMb);
    }

    /** What is left when {@code taken} is gone; never below nothing, as a worker may come back smaller than it was. */
    public Room minus(Room taken) {
        return new Room(
                Math.max(0, cpuMillicores - taken.cpuMillicores),
                Math.max(0, memoryMb - taken.memoryMb),
                Math.max(0, diskMb - taken.diskMb));
    }
}
