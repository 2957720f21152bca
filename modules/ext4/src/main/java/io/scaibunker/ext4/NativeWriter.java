package io.scaibunker.ext4;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;

/**
 * Writes the ext4 file itself, in one pass over the layers and without any other program.
 *
 * <p>Contents go to their place while the layers are being decompressed, several at once; the merge of the entries decides
 * afterwards which of them live, and what then is named by nobody is cut out of the file again. Directories, inodes and all
 * that counts come last. The same layers and the same {@link ImageSpec} give the same bytes on any machine and with any
 * number of threads: nothing in the file comes from a clock, a random number or the host.
 *
 * <p>There is no journal. The image is mounted read-only, nothing is ever recovered in it; and a journal would be written to
 * by the first mount. There are no copies of the superblock either, for they would lie in the middle of the data: the image
 * can be written again. And there is no {@code lost+found}, unless a layer brings one.
 *
 * <p>Limits: extended attributes of 4 KiB an entry, 65,000 names for one file. What upper layers hide still counts against
 * {@link ImageSpec#sizeMib()}, because its blocks are left free, and nothing is moved.
 */
public final class NativeWriter implements ImageWriter {
    private final LayerLimits limits;
    private final int threads;
    private final SegmentStore store;

    /** A writer that takes layers within {@link LayerLimits#DEFAULT} and knows none from before. */
    public NativeWriter() {
        this(SegmentStore.NONE);
    }

    /**
     * The same with a store, for as many layers at once as there are pairs of processors: each is decompressed in one thread
     * and written in another, and what runs ahead of its turn is written twice.
     */
    public NativeWriter(SegmentStore store) {
        this(LayerLimits.DEFAULT, Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 64), store);
    }

    /** A writer that knows no layers from before. */
    public NativeWriter(LayerLimits limits, int threads) {
        this(limits, threads, SegmentStore.NONE);
    }

    /**
     * @param threads how many layers are read at once, 1..64
     * @param store finds layers that lie on this host already, and takes note of new ones
     */
    public NativeWriter(LayerLimits limits, int threads, SegmentStore store) {
        if (threads < 1 || threads > 64) {
            throw new IllegalArgumentException(threads + " threads");
        }
        this.limits = limits;
        this.threads = threads;
        this.store = store;
    }

    @Override
    public WrittenImage write(LayerStack layers, ImageSpec spec, Path target, WriteProgress progress)
            throws IOException {
        var file = target.toAbsolutePath();
        var directory = file.getParent();
        if (directory == null) {
            throw new IllegalArgumentException("no file name: " + target);
        }
        try {
            return write(layers, spec, file, directory, progress);
        } catch (ClosedByInterruptException interrupted) {
            throw new CancellationException("the bake was interrupted");
        } catch (IOException problem) {
            throw ImageWriteException.ofFullDisk(problem);
        }
    }

    /** Again and again, without the stored layers that turn out not to do: they are fewer each time. */
    private WrittenImage write(LayerStack layers, ImageSpec spec, Path file, Path directory, WriteProgress progress)
            throws IOException {
        var usable = new UsableSegments(store);
        while (true) {
            try (var work = WorkDirectory.in(directory)) {
                return new NativeBake(limits, threads, usable, layers, spec, work, progress).run(file);
            } catch (SegmentUnusable unusable) {
                if (!usable.withhold(unusable)) {
                    throw new ImageWriteException(
                            ImageWriteException.Reason.FAILED, String.valueOf(unusable.getMessage()));
                }
            }
        }
    }
}
