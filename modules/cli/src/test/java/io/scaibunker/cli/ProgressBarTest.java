package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    @Test
    void theLineTellsPhaseShareBytesRateAndTimeLeft() {
        assertThat(ProgressBar.line("baking", 250_000_000, 0, 1_000_000_000, 2))
                .isEqualTo("baking    [######..................]  25 %  250/1000 MB  125 MB/s  ETA 6 s");
        assertThat(ProgressBar.line("baking", 1_000_000, 0, 1_000_000_000_000L, 2))
                .hasSizeLessThan(80);
    }

    @Test
    void whatNobodyKnowsIsLeftOut() {
        assertThat(ProgressBar.line("fetching", 5_000_000, 0, -1, 0.1)).isEqualTo("fetching  5 MB");
        assertThat(ProgressBar.line("resolving", 0, 0, -1, 9)).isEqualTo("resolving ");
    }

    @Test
    void itDrawsTenTimesASecondAndLeavesTheLineEmpty() {
        var time = new AtomicLong();
        var drawn = new ByteArrayOutputStream();
        var bar = new ProgressBar(new PrintStream(drawn, true, StandardCharsets.UTF_8), time::get);
        bar.enter("baking");
        for (var step = 1; step <= 1000; step++) {
            time.set(Duration.ofMillis(step).toNanos());
            bar.bytes(step, 1000);
        }
        bar.end();
        bar.end();

        var text = drawn.toString(StandardCharsets.UTF_8);
        assertThat(text.chars().filter(one -> one == '\r')).hasSize(1 + 10 + 1);
        assertThat(text).endsWith("\r\u001b[K");
    }

    /** A phase may begin with work that was done before. */
    @Test
    void theRateIsOfWhatThePhaseHasDoneItself() {
        assertThat(ProgressBar.line("fetching", 700_000_000, 600_000_000, 1_000_000_000, 2))
                .endsWith("700/1000 MB  50 MB/s  ETA 6 s");
    }
}
