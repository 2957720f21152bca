package io.scaibunker.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** An OCI layout in a directory. Its files may be links, as long as they end under a root. */
record LayoutDirectory(Path directory, String name, TarRoots roots, Cancellation cancellation)
        implements OciLayout.Content {

    @Override
    public byte[] document(String path, int most) {
        return open(path).raw(ByteProgress.IGNORED, in -> {
            var bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new SourceException(
                        SourceException.Reason.TOO_LARGE, path + " of " + name + " is larger than " + most + " bytes");
            }
            return bytes;
        });
    }

    @Override
    public Path store(ResolvedImage image, Layer layer, BlobDir blobs, ByteProgress progress) {
        var file = open(OciLayout.blobPath(layer.digest()));
        if (file.size() != layer.size()) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    "blob " + layer.digest() + " of " + name + " has " + file.size() + " bytes, its manifest says "
                            + layer.size());
        }
        return file.copyInto(blobs, layer.digest(), progress);
    }

    private ArchiveFile open(String path) {
        try {
            var real = directory.resolve(path).toRealPath();
            if (!roots.isUnderARoot(real) || !Files.isRegularFile(real)) {
                throw new SourceException(
                        SourceException.Reason.PATH_NOT_ALLOWED,
                        name + " has a " + path + " that is no file or leads out of the directories opened for images");
            }
            return new ArchiveFile(real, path + " of " + name, Files.size(real), cancellation);
        } catch (NoSuchFileException missing) {
            throw new SourceException(SourceException.Reason.CORRUPT, name + " has no " + path, missing);
        } catch (IOException unreadable) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT, path + " of " + name + " cannot be read", unreadable);
        }
    }
}
