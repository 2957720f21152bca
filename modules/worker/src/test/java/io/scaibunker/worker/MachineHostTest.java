package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.model.Settings;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineHostTest {
    @TempDir
    Path directory;

    /** A kernel in name. */
    private Path kernel() throws IOException {
        var kernel = Files.createDirectories(directory.resolve("kernel"));
        Files.write(kernel.resolve("vmlinuz"), new byte[] {0x7f, 'E', 'L', 'F', 0});
        Files.writeString(kernel.resolve("version"), "6.1.0-test\n");
        Files.writeString(kernel.resolve("modules.order"), "\n");
        return kernel;
    }

    @Test
    void aHostWithoutTheDriverOfItsConfSaysSo() throws Exception {
        var config = WorkerConfig.from(Settings.of(Map.of(
                "worker.guest-kernel",
                kernel().toString(),
                "worker.data-dir",
                directory.resolve("data").toString(),
                "worker.driver",
                "firecracker",
                "worker.firecracker",
                "no-such-firecracker")));
        var files = WorkerFiles.open(config.dataDir());
        var vertx = Vertx.vertx();
        try {
            assertThatThrownBy(() -> MachineHost.find(config, files, vertx))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no-such-firecracker is not there");
        } finally {
            vertx.close().await();
        }
    }
}
