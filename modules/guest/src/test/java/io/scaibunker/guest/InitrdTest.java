package io.scaibunker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitrdTest {
    @TempDir
    Path directory;

    @BeforeEach
    void lay() throws IOException {
        lay(directory.resolve("kernel"));
    }

    private static void lay(Path kernel) throws IOException {
        Files.createDirectories(kernel.resolve("modules"));
        Files.writeString(kernel.resolve("vmlinuz"), "kernel");
        Files.writeString(kernel.resolve("version"), "6.1.0-test\n");
        Files.writeString(kernel.resolve("modules.order"), "virtio.ko\nvirtio-rng.ko\n");
        Files.writeString(kernel.resolve("modules/virtio.ko"), "one");
        Files.writeString(kernel.resolve("modules/virtio-rng.ko"), "two");
    }

    @Test
    void sameKernelAndAgentGiveTheSameBytes() throws IOException {
        var again = directory.resolve("again");
        lay(again);
        Files.setLastModifiedTime(again.resolve("modules/virtio.ko"), FileTime.fromMillis(1));
        Initrd.write(GuestKernel.read(directory.resolve("kernel")), directory.resolve("a"));
        Initrd.write(GuestKernel.read(again), directory.resolve("b"));
        assertThat(directory.resolve("a")).hasSameBinaryContentAs(directory.resolve("b"));
    }

    @Test
    void theAgentIsInitAndModulesKeepTheirOrder() throws IOException {
        var target = directory.resolve("out/initrd");
        Initrd.write(GuestKernel.read(directory.resolve("kernel")), target);
        var names = new ArrayList<String>();
        try (var archive = new CpioArchiveInputStream(Files.newInputStream(target))) {
            for (var entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
                names.add(entry.getName());
                if (entry.getName().equals("init")) {
                    assertThat(entry.getSize()).isBetween(1_000L, 200_000L);
                    assertThat(archive.readNBytes(4)).containsExactly(0x7f, 'E', 'L', 'F');
                }
            }
        }
        assertThat(names).contains("init", "dev/console", "proc", "modules/00-virtio.ko", "modules/01-virtio-rng.ko");
        assertThat(target.getParent()).isDirectoryContaining(file -> file.equals(target));
        try (var files = Files.list(target.getParent())) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aKernelThatIsNotThereNamesTheScriptThatBringsIt() throws IOException {
        assertThatThrownBy(() -> GuestKernel.read(directory.resolve("nowhere")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("scripts/guest-kernel");
        Files.delete(directory.resolve("kernel/modules/virtio.ko"));
        assertThatThrownBy(() -> GuestKernel.read(directory.resolve("kernel"))).hasMessageContaining("virtio.ko");
    }

    @Test
    void aModuleIsAFileOfThatDirectory() throws IOException {
        for (var name : List.of("../x.ko", "/etc/x.ko", "x", "a b.ko")) {
            Files.writeString(directory.resolve("kernel/modules.order"), name + "\n");
            assertThatThrownBy(() -> GuestKernel.read(directory.resolve("kernel")))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
