package io.scaibunker.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long BEGIN = Long.MAX_VALUE - 5;

    @Test
    void aRowGoesAtOnceAndThenSoManyASecond() {
        var pace = new Pace(3, 2, BEGIN);
        assertThat(goes(pace, BEGIN)).isEqualTo(3);
        assertThat(goes(pace, BEGIN + Duration.ofMillis(400).toNanos())).isZero();
        assertThat(goes(pace, BEGIN + Duration.ofMillis(1000).toNanos())).isEqualTo(2);
        // However long nobody asked, no more than a row.
        assertThat(goes(pace, BEGIN + Duration.ofHours(1).toNanos())).isEqualTo(3);
    }

    private static long goes(Pace pace, long now) {
        return IntStream.range(0, 10).filter(one -> pace.mayGo(now)).count();
    }
}
