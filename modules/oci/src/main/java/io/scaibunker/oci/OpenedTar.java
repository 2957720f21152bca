package io.scaibunker.oci;

import java.nio.file.Path;

/** A tar source whose kind is known and whose image is pinned. */
sealed interface OpenedTar permits RootFileSystemTar, DockerArchive, OciLayout {
    ResolvedImage image();

    /** Stores the layer, which is not there yet. */
    Path store(Layer layer, BlobDir blobs, ByteProgress progress);
}
