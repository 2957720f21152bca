package io.scaibunker.network;

/** So often in a row, and so often a second after that: what a guest asks for must not keep its host busy. Safe for several threads. */
final class Pace {
    private static final double SECOND = 1e9;

    private final int inARow;
    private final int perSecond;
    private double left;
    private long seen;

    /** @param now by the clock of {@link #mayGo} */
    Pace(int inARow, int perSecond, long now) {
        this.inARow = inARow;
        this.perSecond = perSecond;
        this.left = inARow;
        this.seen = now;
    }

    /** @param now in nanoseconds */
    synchronized boolean mayGo(long now) {
        left = Math.min(inARow, left + (now - seen) / SECOND * perSecond);
        seen = now;
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }
}
