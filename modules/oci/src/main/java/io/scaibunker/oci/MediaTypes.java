package io.scaibunker.oci;

import java.util.List;
import java.util.Set;

/** The media types that are container images, and those that look like one and are not. */
final class MediaTypes {
    static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
    static final String DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
    static final String TAR = "application/vnd.oci.image.layer.v1.tar";

    static final String ACCEPTED_MANIFESTS =
            String.join(", ", List.of(OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST));

    private static final Set<String> INDEXES = Set.of(OCI_INDEX, DOCKER_LIST);
    private static final Set<String> MANIFESTS = Set.of(OCI_MANIFEST, DOCKER_MANIFEST);
    private static final Set<String> DOCKER_SCHEMA_1 = Set.of(
            "application/vnd.docker.distribution.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.v1+prettyjws");
    // Old builders of Docker images declared their config as plain bytes; Docker still pulls them.
    private static final Set<String> CONFIGS = Set.of(OCI_CONFIG, DOCKER_CONFIG, "application/octet-stream");
    private static final Set<String> LAYERS = Set.of(
            TAR,
            TAR + "+gzip",
            TAR + "+zstd",
            "application/vnd.docker.image.rootfs.diff.tar",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.diff.tar.zstd");

    private MediaTypes() {}

    static boolean isIndex(String type) {
        return INDEXES.contains(type);
    }

    static boolean isManifest(String type) {
        return MANIFESTS.contains(type);
    }

    static boolean isSchema1(String type) {
        return DOCKER_SCHEMA_1.contains(type);
    }

    static boolean isConfig(String type) {
        return CONFIGS.contains(type);
    }

    static boolean isLayer(String type) {
        return LAYERS.contains(type);
    }

    /** Layers that the registry does not hold: their bytes lie elsewhere, under a licence that forbids passing them on. */
    static boolean isForeignLayer(String type) {
        return type.contains(".foreign.") || type.contains(".nondistributable.");
    }
}
