package io.scaibunker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page, the dashboard and the code name the same metrics. */
class MetricsPageTest {
    private static final Path MODULE = Path.of("").toAbsolutePath();

    @Test
    void thePageHasEveryMetricAsTheCodeHasIt() throws IOException {
        List<String> lines = Files.readAllLines(MODULE.resolve("METRICS.md")).stream()
                .filter(line -> line.startsWith("| `scaibunker_"))
                .toList();
        assertThat(lines)
                .containsExactlyElementsOf(
                        Arrays.stream(Measure.values()).map(Measure::line).toList());
    }

    @Test
    void theDashboardAsksForMetricsThatAreThere() throws IOException {
        String dashboard = Files.readString(MODULE.resolve("../../conf/grafana-dashboard.json"));
        List<String> names =
                Arrays.stream(Measure.values()).map(Measure::promName).toList();
        List<String> asked = Pattern.compile("scaibunker_\\w+")
                .matcher(dashboard)
                .results()
                .map(found -> found.group().replaceAll("_(count|sum|bucket|max)$", ""))
                .distinct()
                .toList();
        assertThat(asked).hasSizeGreaterThan(10).isSubsetOf(names);
    }

    @Test
    void whatWasMeasuredIsShownAndLabelsMustBeThere() {
        try (Exposition exposition = Exposition.open()) {
            Measure.BAKE.took(7_000_000_000L, "ready");
            Measure.UPLOAD_BYTES.add(5);
            Runnable gauge = Measure.QUEUE.gauge(() -> 3, "bake");
            assertThat(exposition.text())
                    .contains("scaibunker_bake_seconds_count{outcome=\"ready\"} 1")
                    .contains("scaibunker_bake_seconds_bucket{outcome=\"ready\",le=\"10.0\"} 1")
                    .contains("scaibunker_bake_seconds_bucket{outcome=\"ready\",le=\"2.5\"} 0")
                    .contains("scaibunker_upload_bytes_total 5.0")
                    .contains("scaibunker_queue{work=\"bake\"} 3.0");
            gauge.run();
            assertThat(exposition.text()).doesNotContain("scaibunker_queue");
        }
        assertThatThrownBy(() -> Measure.BAKE.took(1)).hasMessage("BAKE is a TIMER with [outcome]");
        assertThatThrownBy(() -> Measure.BAKE.add(1, "ready")).hasMessage("BAKE is a TIMER with [outcome]");
    }
}
