package io.scaibunker.oci;

import java.nio.file.Path;
import java.util.HashMap;

/** An OCI layout in a tar. */
record LayoutArchive(ArchiveFile file, ArchiveScan scan) implements OciLayout.Content {

    @Override
    public String name() {
        return file.name();
    }

    @Override
    public byte[] document(String path, int most) {
        var bytes = scan.document(path, name());
        if (bytes.length > most) {
            throw new SourceException(
                    SourceException.Reason.TOO_LARGE, path + " of " + name() + " is larger than " + most + " bytes");
        }
        return bytes;
    }

    @Override
    public Path store(ResolvedImage image, Layer layer, BlobDir blobs, ByteProgress progress) {
        var byOrdinal = new HashMap<Integer, Layer>();
        for (var each : image.layers()) {
            byOrdinal.put(scan.file(OciLayout.blobPath(each.digest()), name()).ordinal(), each);
        }
        return MemberStore.store(file, byOrdinal, layer, blobs, progress);
    }
}
