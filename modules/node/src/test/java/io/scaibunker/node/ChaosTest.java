package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.Chaos;
import io.scaibunker.testkit.ChaosPlan;
import io.scaibunker.testkit.LocalRegistry;
import io.scaibunker.testkit.SampleImages;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short time of everything that can go wrong. {@code scripts/bench chaos} does the same for longer, with any seed. */
class ChaosTest {
    @TempDir
    Path dir;

    @Test
    void afterTroubleOfEveryKindAllComesToRestAndIsTrue() {
        assumeTrue(LocalRegistry.missingTools().isEmpty(), "not installed: " + LocalRegistry.missingTools());
        assumeTrue(SampleImages.hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
        var size = new ChaosPlan.Size(2, 3, 4, 0);

        var outcome = Chaos.run(
                dir,
                Long.getLong("chaos.seed", 30),
                Duration.ofSeconds(25),
                size,
                Duration.ofMinutes(2),
                System.out::println);

        assertThat(outcome.violations()).isEmpty();
        assertThat(outcome.counts())
                .containsKeys("KillWorker", "WipeWorker", "KillControl", "SpoilRegistry", "LoseCopy");
        assertThat(outcome.done().get("copies_made")).isGreaterThan(5);
    }
}
