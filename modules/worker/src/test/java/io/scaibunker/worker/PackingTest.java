package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

class PackingTest {
    private static final int PIECE = 256 << 10;
    private static final int MANY = 3 * (Packing.ROUND + 2 * (Packing.TRIAL + Packing.LEAD));

    /** What share of many pieces was compressed, when so many nanoseconds go by for each. */
    private static double packed(ToLongFunction<Boolean> nanos) {
        Packing packing = new Packing();
        int packed = 0;
        for (int piece = 0; piece < MANY; piece++) {
            boolean packs = packing.packs();
            packed += packs ? 1 : 0;
            packing.sent(PIECE, nanos.applyAsLong(packs));
        }
        return (double) packed / MANY;
    }

    @Test
    void aSlowLinkIsWorthIt() {
        assertThat(packed(packs -> packs ? 12_000_000 : 30_000_000)).isGreaterThan(0.9);
    }

    @Test
    void whoeverHasABusyProcessorIsNotMadeBusier() {
        assertThat(packed(packs -> packs ? 9_000_000 : 8_000_000)).isLessThan(0.05);
    }

    @Test
    void aLittleGainIsNone() {
        assertThat(packed(packs -> packs ? 9_000_000 : 10_000_000)).isLessThan(0.05);
    }

    @Test
    void onAFastLinkItIsNotEvenTried() {
        assertThat(packed(packs -> 1_000_000)).isZero();
    }

    @Test
    void aLinkThatBecomesSlowIsNoticed() {
        Packing packing = new Packing();
        for (int piece = 0; piece < Packing.ROUND; piece++) {
            packing.sent(PIECE, 1_000_000);
        }
        int packed = 0;
        for (int piece = 0; piece < 2 * Packing.ROUND; piece++) {
            packed += packing.packs() ? 1 : 0;
            packing.sent(PIECE, packing.packs() ? 10_000_000 : 30_000_000);
        }
        assertThat(packed).isGreaterThan(Packing.ROUND / 2);
    }
}
