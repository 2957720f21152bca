package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.NativeWriter;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import io.scaibunker.vulns.Inventory.Gap;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Inventories of images that our own writer has baked. */
class ImageInventoryTest {
    private static final String OPENSSL = """
            Package: openssl
            Status: install ok installed
            Version: 3.0.9-1

            """;

    @TempDir
    Path folder;

    @Test
    void whatUpperLayersHideIsNotInTheInventory() throws IOException {
        TarBuilder base = new TarBuilder()
                .file("etc/os-release", "ID=debian\nVERSION_ID=11\n")
                .file("var/lib/dpkg/status", OPENSSL)
                .file("app/node_modules/left/package.json", "{\"name\":\"left\",\"version\":\"1.0.0\"}")
                .file("app/node_modules/right/package.json", "{\"name\":\"right\",\"version\":\"1.0.0\"}");
        TarBuilder upper = new TarBuilder()
                .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
                .file("var/lib/dpkg/status", OPENSSL.replace("3.0.9", "3.0.11"))
                .whiteout("app/node_modules/left");
        Inventory inventory = ImageInventory.read(bake(base, upper));
        assertThat(inventory.gaps()).isEmpty();
        assertThat(inventory.components())
                .extracting(one -> one.ecosystem() + " " + one.name() + " " + one.version() + " " + one.path())
                .containsExactly(
                        "Debian:12 openssl 3.0.11-1 var/lib/dpkg/status",
                        "npm right 1.0.0 app/node_modules/right/package.json");
    }

    @Test
    void linksAreNotFollowedWhereverTheyLead() throws IOException {
        Files.writeString(folder.resolve("status"), OPENSSL);
        Inventory inventory = ImageInventory.read(bake(new TarBuilder()
                .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
                .symlink("var/lib/dpkg/status", folder.resolve("status").toString())
                .symlink("var/lib/dpkg/status.d/loop", "loop")
                .symlink("app/node_modules/x/package.json", "../../../../../../../etc/passwd")));
        assertThat(inventory.components()).isEmpty();
        assertThat(inventory.gaps()).extracting(Gap::reason).containsExactly(ScanReason.INVENTORY_INCOMPLETE);
    }

    @Test
    void aProgramOfManyNamesIsListedOnce() throws Exception {
        byte[] program = InventoryTest.go(4_096, 64, "go1.21", "dep\ta\tv1.0.0\n");
        TarBuilder tar = new TarBuilder().file("usr/bin/a", "", member -> {
            member.data = Arrays.copyOf(program, 300 << 10);
            member.mode = 0755;
        });
        for (int index = 0; index < 50; index++) {
            tar.hardLink("usr/bin/b" + index, "usr/bin/a");
        }
        assertThat(ImageInventory.read(bake(tar)).components())
                .extracting(Component::path)
                .containsOnly("usr/bin/a");
    }

    @Test
    void whatIsMoreThanCanBeLookedAtLeavesAGap() throws IOException {
        InventoryLimits few = new InventoryLimits(1 << 20, 1 << 16, 10, 10, 1 << 20, 1 << 20, 10, 3, 5);
        InventoryBuilder builder = new InventoryBuilder(few);
        for (String path : new String[] {"etc/os-release", "var/lib/dpkg/status"}) {
            builder.offer(path, 100, new java.io.ByteArrayInputStream(new byte[100]));
        }
        assertThat(builder.build().gaps())
                .extracting(Gap::reason)
                .containsExactly(ScanReason.TOO_LARGE, ScanReason.TOO_LARGE);
    }

    @Test
    void whatIsNoImageIsSaidToBeNone() throws IOException {
        Path file = Files.write(folder.resolve("text"), new byte[5_000]);
        assertThatThrownBy(() -> ImageInventory.read(file)).isInstanceOf(IOException.class);
        Path image = bake(new TarBuilder().file("etc/os-release", "ID=debian\nVERSION_ID=12\n"));
        try (RandomAccessFile cut = new RandomAccessFile(image.toFile(), "rw")) {
            cut.setLength(1 << 20);
        }
        assertThatThrownBy(() -> ImageInventory.read(image)).isInstanceOf(IOException.class);
    }

    private Path bake(TarBuilder... layers) throws IOException {
        Path image = folder.resolve("image.ext4");
        new NativeWriter()
                .write(
                        new LayerStack(
                                Arrays.stream(layers).map(TarBuilder::layer).toList()),
                        new ImageSpec(16, "sha256:" + "1".repeat(64)),
                        image,
                        (done, total) -> {});
        return image;
    }
}
