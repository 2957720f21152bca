package io.scaibunker.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeterTest {
    @TempDir
    private Path place;

    @BeforeEach
    void needsTime() {
        assumeThat(Files.isExecutable(Path.of("/usr/bin/time")))
                .as("/usr/bin/time is not installed (package time)")
                .isTrue();
    }

    @Test
    void whatAProgramWroteAndWhatItTakesOnDiskAreCounted() throws Exception {
        var made = place.resolve("made");
        var copy = List.of("dd", "if=/dev/urandom", "of=" + made, "bs=1M", "count=3", "status=none");

        var sample = new Meter(place).run(new Contender("dd", List.of(copy, List.of("true")), made), false);

        assertThat(sample.written()).isBetween(3L << 20, (3L << 20) + 10_000);
        assertThat(sample.allocated()).isBetween(3L << 20, (3L << 20) + 100_000);
        assertThat(sample.wall()).isPositive();
        assertThat(sample.peakMb()).isBetween(0.5, 50.0);
    }

    @Test
    void aProgramThatFailsEndsTheMeasurement() {
        var failing = new Contender("failing", List.of(List.of("false")), place.resolve("none"));
        assertThatThrownBy(() -> new Meter(place).run(failing, false))
                .isInstanceOf(IOException.class)
                .hasMessage("failing ended with 1: false");
    }
}
