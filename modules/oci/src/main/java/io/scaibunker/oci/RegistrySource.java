package io.scaibunker.oci;

import java.nio.file.Path;
import java.util.Optional;

final class RegistrySource implements ImageSource {
    RegistrySource(
            ImageReference reference,
            Platform platform,
            Optional<RegistryCredential> credential,
            SourceConfig config) {}

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
