package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Settings;
import io.scaibunker.model.WorkerId;
import io.scaibunker.worker.BunkerPlan.Here;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineRoomTest {
    @TempDir
    Path directory;

    @Test
    void whatAnEarlierRunLeftIsFoundAndOnePlaceThatIsWrongKeepsNoOtherFromThat() throws Exception {
        var config = WorkerConfig.from(Settings.of(Map.of("worker.data-dir", directory.toString())));
        var files = WorkerFiles.open(config.dataDir());
        var vertx = Vertx.vertx();
        try (var networks = new BunkerNetworks(config, WorkerId.fresh())) {
            WantedBunker kept = BunkerTest.wanted(RestartPolicy.ALWAYS);
            Path place = Files.createDirectory(
                    files.bunkers().resolve(kept.bunkerId().toString()));
            BunkerFile.write(place, kept);
            Files.writeString(place.resolve("scratch.ext4"), "what it wrote");
            WantedBunker over = BunkerTest.wanted(RestartPolicy.NEVER);
            Path cleared = Files.createDirectory(
                    files.bunkers().resolve(over.bunkerId().toString()));
            BunkerFile.write(cleared, over);
            // As the root of a file system has it; no network can have this name.
            Path odd = Files.createDirectory(files.bunkers().resolve("lost+found"));

            var adopted = new MachineRoom(vertx, config, files, networks).adopt();

            assertThat(adopted).singleElement().satisfies(bunker -> {
                assertThat(bunker.id()).isEqualTo(kept.bunkerId());
                assertThat(bunker.here()).isEqualTo(Here.STOPPED);
                // A worker that is stopped before it has booted it again leaves its disk.
                assertThat(bunker.comesBack(false)).isTrue();
            });
            assertThat(place.resolve("scratch.ext4")).hasContent("what it wrote");
            assertThat(cleared).doesNotExist();
            assertThat(odd).exists();
        } finally {
            vertx.close().await();
        }
    }
}
