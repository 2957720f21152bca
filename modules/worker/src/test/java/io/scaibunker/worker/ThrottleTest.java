package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    private static double seconds(Throttle throttle, int times, int bytes) throws InterruptedException {
        long began = System.nanoTime();
        for (int time = 0; time < times; time++) {
            throttle.pass(bytes);
        }
        return (System.nanoTime() - began) / 1e9;
    }

    @Test
    void theRateIsKeptByAllTogether() throws Exception {
        Throttle throttle = new Throttle(1_000_000, () -> false);
        long began = System.nanoTime();
        try (var threads = Executors.newCachedThreadPool()) {
            List<Future<Double>> passes = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                passes.add(threads.submit(() -> seconds(throttle, 10, 20_000)));
            }
            for (var pass : passes) {
                pass.get();
            }
        }
        // 800,000 bytes, of which a tenth of a second's may go at once.
        assertThat((System.nanoTime() - began) / 1e9).isBetween(0.69, 5.0);
    }

    @Test
    void withoutARateNothingWaits() throws Exception {
        assertThat(seconds(new Throttle(0, () -> false), 1_000, 1 << 30)).isLessThan(1);
    }

    @Test
    void whatBootsGoesFirst() throws Exception {
        AtomicBoolean booting = new AtomicBoolean(true);
        Throttle throttle = new Throttle(0, booting::get);
        assertThat(seconds(throttle, 10, 1)).isGreaterThan(0.19);
        booting.set(false);
        assertThat(seconds(throttle, 10, 1)).isLessThan(0.19);
    }
}
