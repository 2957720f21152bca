package io.scaibunker.oci;

import java.util.Optional;

/** Opens sources; one for a worker, safe for any thread. */
public final class ImageSources {
    private final SourceConfig config;

    public ImageSources(SourceConfig config) {
        this.config = config;
    }

    /**
     * An image in a registry. Talks to nobody yet.
     *
     * @param reference as the tenant wrote it; INVALID_REFERENCE if it is none
     * @param credential the tenant's own for this registry; it goes before the operator's
     */
    public ImageSource registry(String reference, Platform platform, Optional<RegistryCredential> credential) {
        return new RegistrySource(ImageReference.parse(reference), platform, credential, config);
    }

    /**
     * An image in the file system: a root file system tar, a docker-archive, an OCI archive, an OCI layout directory. Touches nothing yet.
     *
     * @param path as the tenant wrote it, absolute
     */
    public ImageSource tar(String path, Platform platform) {
        return new TarSource(path, platform, config);
    }
}
