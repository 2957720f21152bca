package io.scaibunker.oci;

import java.nio.file.Path;

/**
 * One image, somewhere. Opened by {@link ImageSources} for one piece of work; used by one thread, except {@link #cancel()}.
 * Calls block: on sockets, on disks. All failures are {@link SourceException}; a cancelled call throws
 * {@link java.util.concurrent.CancellationException}.
 */
public sealed interface ImageSource extends AutoCloseable permits RegistrySource, TarSource {

    /** Pins the image to its content. For large archives this reads the whole file, and says so through {@code progress}. */
    ResolvedImage resolve(ByteProgress progress);

    /**
     * The layer's blob as a local file named by its digest: found there, or brought there whole and checked. A call that fails
     * leaves nothing behind. The layer must come from {@link #resolve} of an equal source.
     */
    Path fetch(Layer layer, BlobDir blobs, ByteProgress progress);

    /** Ends whatever runs, from any thread, at once; the source is of no use afterwards. */
    void cancel();

    /** Gives back connections. Never throws. */
    @Override
    void close();
}
