package io.scaibunker.ext4;

import io.scaibunker.layers.LayerStack;
import java.io.IOException;
import java.nio.file.Path;

/** Bakes layers into one ext4 file. The seam behind which writers are exchanged and compared. */
public interface ImageWriter {
    /**
     * Writes the file. It appears under {@code target} whole and on disk, or not at all; an existing target is
     * replaced. Blocks until done; the calling thread's interruption ends it like a cancellation.
     *
     * @throws io.scaibunker.layers.LayerException a layer that cannot be taken as it is
     * @throws SizeCapExceeded the content needs more than {@link ImageSpec#sizeMib()}
     * @throws ImageWriteException what else failed, by reason
     * @throws IOException a layer that cannot be read, passed on as it came from {@code Layer.open()} or its stream
     * @throws java.util.concurrent.CancellationException thrown by {@code progress}, or after an interruption
     */
    WrittenImage write(LayerStack layers, ImageSpec spec, Path target, WriteProgress progress) throws IOException;
}
