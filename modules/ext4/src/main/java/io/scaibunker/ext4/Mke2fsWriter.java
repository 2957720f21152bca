package io.scaibunker.ext4;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The reference writer: flattens the layers in user space and lets e2fsprogs make the file system.
 *
 * <p>The layers are read twice. The first time only their headers count: they are merged, and what the result needs is held
 * against the size asked for before anything is written. The second time the surviving entries go, as one tar, through GNU
 * tar into a directory and from there through mke2fs into the file, both under fakeroot, which remembers owners and devices
 * that an ordinary user could not make; debugfs then sets what those three lose, and e2fsck looks at the outcome.
 *
 * <p>It is slow: every byte is written twice, and mke2fs takes time that grows with the square of a directory's length
 * (20,000 files in one: about 20 s). Its other limits:
 *
 * <ul>
 *   <li>The same layers do not give the same bytes: access and change times are those of the bake, and inodes are numbered
 *       in the order in which the host lists directories.
 *   <li>An extended attribute is limited to 4 KiB with all others of its entry, and refused on a name with a line break;
 *       such a name also loses its fraction of a second and a time outside of 1970 to 2038.
 *   <li>A directory holds 64,998 subdirectories at most.
 *   <li>There is a {@code lost+found} in the root, as everywhere on ext4.
 * </ul>
 */
public final class Mke2fsWriter implements ImageWriter {
    private final LayerLimits limits;

    /** A writer that takes layers within {@link LayerLimits#DEFAULT}. */
    public Mke2fsWriter() {
        this(LayerLimits.DEFAULT);
    }

    public Mke2fsWriter(LayerLimits limits) {
        this.limits = limits;
    }

    /**
     * Removes what bakes that died have left in the directory of their targets. To be called when none is running there.
     */
    public static void cleanUp(Path directory) throws IOException {
        WorkDirectory.removeLeftIn(directory);
    }

    @Override
    public WrittenImage write(LayerStack layers, ImageSpec spec, Path target, WriteProgress progress)
            throws IOException {
        for (var tool : Tool.values()) {
            tool.path();
        }
        var file = target.toAbsolutePath();
        var directory = file.getParent();
        if (directory == null) {
            throw new IllegalArgumentException("no file name: " + target);
        }
        try (var work = WorkDirectory.in(directory)) {
            return new Mke2fsBake(limits, layers, spec, work, progress).run(file);
        } catch (IOException problem) {
            throw ImageWriteException.ofFullDisk(problem);
        }
    }
}
