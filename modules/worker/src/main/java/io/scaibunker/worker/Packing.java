package io.scaibunker.worker;

/**
 * Whether the pieces to one asker are compressed: only while that brings over more of them in the same time. Whoever takes
 * them slowly may have a slow link, where it helps, or a busy processor, where it makes things worse; so both ways are tried,
 * again and again, and measured.
 */
final class Packing {
    /** Pieces of a trial. */
    static final int TRIAL = 24;

    /** Pieces at the begin of a trial that say nothing of it: those before them were still under way. */
    static final int LEAD = 8;

    /** Pieces between two decisions. */
    static final int ROUND = 1024;

    /** Bytes a second that no compression by one processor would better. */
    private static final double FAST = 150e6;

    /** How much faster the compressed way must have been. */
    private static final double GAIN = 1.2;

    private enum Act {
        PLAIN_TRIAL,
        PACKED_TRIAL,
        SETTLED
    }

    private Act act = Act.PLAIN_TRIAL;
    private boolean packs;
    private int pieces;
    private long bytes;
    private long nanos;
    private double plainRate;

    /** Whether the next piece is to be compressed. */
    boolean packs() {
        return packs;
    }

    /**
     * @param length of the piece, as it is when it is not compressed
     * @param took until the connection took it, its compression included, waiting for the piece itself not
     */
    void sent(int length, long took) {
        pieces++;
        if (act == Act.SETTLED) {
            if (pieces == ROUND) {
                turn(Act.PLAIN_TRIAL, false);
            }
            return;
        }
        if (pieces > LEAD) {
            bytes += length;
            nanos += took;
        }
        if (pieces < LEAD + TRIAL) {
            return;
        }
        double rate = bytes * 1e9 / Math.max(1, nanos);
        if (act == Act.PACKED_TRIAL) {
            turn(Act.SETTLED, rate > plainRate * GAIN);
        } else if (rate > FAST) {
            turn(Act.SETTLED, false);
        } else {
            plainRate = rate;
            turn(Act.PACKED_TRIAL, true);
        }
    }

    private void turn(Act next, boolean packed) {
        act = next;
        packs = packed;
        pieces = 0;
        bytes = 0;
        nanos = 0;
    }
}
