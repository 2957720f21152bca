package io.scaibunker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SampleTest {
    @Test
    void theMedianIsTheMiddleOrBetweenTheMiddles() {
        assertThat(Sample.median(List.of(wall(3, 0), wall(1, 0), wall(2, 0)), Sample::wall))
                .isEqualTo(2);
        assertThat(Sample.median(List.of(wall(4, 0), wall(1, 0)), Sample::wall)).isEqualTo(2.5);
    }

    @Test
    void noisyRunsAreLeftOutWhereEnoughQuietOnesRemain() {
        var quiet = wall(1, 0.1);
        var noisy = wall(9, 0.5);
        assertThat(Sample.quiet(List.of(quiet, noisy))).containsExactly(quiet);
        assertThat(Sample.isMostlyQuiet(List.of(quiet, noisy))).isTrue();
        assertThat(Sample.isMostlyQuiet(List.of(quiet, noisy, noisy))).isFalse();
    }

    @Test
    void programsOneAfterTheOtherAddUp() {
        var both = new Sample(1, 2, 0, 50, 10, 0, 0).then(new Sample(3, 1, 0, 40, 5, 7, 1));
        assertThat(both).isEqualTo(new Sample(4, 3, 0, 50, 15, 7, 0.75));
    }

    private static Sample wall(double seconds, double foreign) {
        return new Sample(seconds, 0, 0, 0, 0, 0, foreign);
    }
}
