package io.scaibunker.oci;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A tar of a root file system: the file is the only layer, and its digest the image's. */
record RootFileSystemTar(ArchiveFile file, ResolvedImage image) implements OpenedTar {

    static RootFileSystemTar open(ArchiveFile file, Platform platform, ByteProgress progress) {
        var packing = file.raw(ByteProgress.IGNORED, in -> Packing.of(in.readNBytes(8)));
        var digest = file.digest(progress);
        Optional<ContentDigest> diffId = packing == Packing.PLAIN ? Optional.of(digest) : Optional.empty();
        var layer = new Layer(0, digest, packing.mediaType(), file.size(), diffId);
        return new RootFileSystemTar(
                file, new ResolvedImage(file.name(), digest, platform, List.of(layer), ImageConfig.NONE));
    }

    @Override
    public Path store(Layer layer, BlobDir blobs, ByteProgress progress) {
        return file.copyInto(blobs, layer.digest(), progress);
    }
}
