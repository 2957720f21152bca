package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/**
 * The disk that takes a bunker's writes: an empty ext4 in a sparse file.
 *
 * <p>It has no journal: the disk dies with its bunker, and a journal would double the guest's writes. Its inode tables are
 * declared zeroed, which they are in a fresh file; else the guest's kernel would zero them in the background, and fill
 * 16 MiB of the host's disk for each GiB that nobody uses.
 */
public final class ScratchDisk {
    private static final String FEATURES = "none,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,"
            + "large_file,huge_file,dir_nlink,extra_isize,metadata_csum,64bit";

    private ScratchDisk() {}

    /**
     * Makes the disk; takes milliseconds.
     *
     * @param path the file to make, readable by its owner alone
     * @param sizeMib its size in MiB, {@value ImageSpec#MIN_SIZE_MIB}..{@value ImageSpec#MAX_SIZE_MIB}
     * @throws FileAlreadyExistsException when there is something at {@code path}, which is left alone
     * @throws ImageWriteException when mke2fs is missing or fails; nothing is left then
     */
    public static void create(Path path, long sizeMib) throws IOException {
        if (sizeMib < ImageSpec.MIN_SIZE_MIB || sizeMib > ImageSpec.MAX_SIZE_MIB) {
            throw new IllegalArgumentException("a scratch disk of " + sizeMib + " MiB");
        }
        var file = path.toAbsolutePath();
        var command = List.of(
                Tool.MKE2FS.path(),
                "-q",
                "-F",
                "-t",
                "ext4",
                "-b",
                "4096",
                "-m",
                "0",
                "-O",
                FEATURES,
                "-E",
                "assume_storage_prezeroed=1,nodiscard",
                file.toString(),
                sizeMib + "m");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        var made = false;
        try (var mke2fs = Child.start("mke2fs", command, Map.of())) {
            var code = mke2fs.await(() -> {});
            if (code != 0) {
                throw mke2fs.failure(code);
            }
            made = true;
        } finally {
            if (!made) {
                Files.deleteIfExists(file);
            }
        }
    }
}
