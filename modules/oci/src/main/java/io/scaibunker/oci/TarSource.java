package io.scaibunker.oci;

import java.nio.file.Path;

final class TarSource implements ImageSource {
    TarSource(String path, Platform platform, SourceConfig config) {}

    @Override
    public ResolvedImage resolve(ByteProgress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Path fetch(Layer layer, BlobDir blobs, ByteProgress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void cancel() {}

    @Override
    public void close() {}
}
