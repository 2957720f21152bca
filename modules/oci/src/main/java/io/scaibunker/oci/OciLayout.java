package io.scaibunker.oci;

import java.nio.file.Path;

/** {@code index.json} and {@code blobs/sha256/…}, in a directory or in a tar. */
record OciLayout(Content content, ResolvedImage image) implements OpenedTar {

    /** Where the files of a layout are. */
    interface Content {
        String name();

        /** A small file of the layout, {@code blobs/…} or {@code index.json}. */
        byte[] document(String path, int most);

        Path store(ResolvedImage image, Layer layer, BlobDir blobs, ByteProgress progress);
    }

    static OciLayout open(Content content, Platform wanted, long maxImageBytes) {
        var documents = new ImageResolver.Documents() {
            @Override
            public byte[] manifest(Descriptor descriptor) {
                return checked(content, descriptor, Manifest.MOST_BYTES);
            }

            @Override
            public byte[] config(Descriptor descriptor) {
                return checked(content, descriptor, ImageResolver.MOST_CONFIG_BYTES);
            }
        };
        var index = content.document("index.json", Manifest.MOST_BYTES);
        var resolver = new ImageResolver(content.name(), wanted, maxImageBytes, documents);
        return new OciLayout(content, resolver.resolve(index, MediaTypes.OCI_INDEX));
    }

    static String blobPath(ContentDigest digest) {
        return "blobs/sha256/" + digest.hex();
    }

    private static byte[] checked(Content content, Descriptor descriptor, int most) {
        var bytes = content.document(blobPath(descriptor.digest()), most);
        var actual = ContentDigest.of(bytes);
        if (!actual.equals(descriptor.digest())) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    "blob " + descriptor.digest() + " of " + content.name() + " has the content of " + actual);
        }
        return bytes;
    }

    @Override
    public Path store(Layer layer, BlobDir blobs, ByteProgress progress) {
        return content.store(image, layer, blobs, progress);
    }
}
