package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchDiskTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    @Test
    void aNewDiskIsCleanAndTakesNextToNothingOnTheHost() throws Exception {
        var disk = directory.resolve("scratch.ext4");
        ScratchDisk.create(disk, 4096);
        assertThat(Files.size(disk)).isEqualTo(4096L << 20);
        assertThat(Programs.run("e2fsck", "-fn", disk.toString()).code()).isZero();
        var blocks = Programs.run("stat", "-c", "%b", disk.toString()).output().strip();
        assertThat(Long.parseLong(blocks) * 512).isLessThan(2 << 20);
    }

    @Test
    void theSmallestDiskIsClean() throws Exception {
        var disk = directory.resolve("scratch.ext4");
        ScratchDisk.create(disk, ImageSpec.MIN_SIZE_MIB);
        assertThat(Programs.run("e2fsck", "-fn", disk.toString()).code()).isZero();
    }

    @Test
    void whatIsThereAlreadyIsLeftAlone() throws Exception {
        var disk = Files.writeString(directory.resolve("scratch.ext4"), "mine");
        assertThatThrownBy(() -> ScratchDisk.create(disk, 64)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(disk).hasContent("mine");
    }

    @Test
    void aSizeOutOfRangeIsRefused() {
        assertThatThrownBy(() -> ScratchDisk.create(directory.resolve("x"), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(directory).isEmptyDirectory();
    }
}
