package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** The disk that takes a bunker's writes: an empty ext4 in a sparse file, without a journal, for it dies with its bunker. */
public final class ScratchDisk {
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
        var command = new ArrayList<>(List.of(Tool.MKE2FS.path()));
        command.addAll(Mke2fs.arguments(file.toString(), sizeMib, List.of("-E", Mke2fs.EXTENDED)));
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        var made = false;
        try (var mke2fs = Child.start("mke2fs", command, Mke2fs.variables(), Path.of("/"))) {
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
