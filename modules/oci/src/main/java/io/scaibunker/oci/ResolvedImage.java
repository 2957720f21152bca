package io.scaibunker.oci;

import java.util.List;

/**
 * An image pinned to its content.
 *
 * @param name the reference or path it was asked by, normalised, for log lines
 * @param digest the platform's manifest digest; for a root file system tar or a docker-archive the digest of the file
 * @param platform the one the image is for; the one asked for where the source does not say
 * @param layers lowest first, at least one
 * @param config how it wants to run
 */
public record ResolvedImage(
        String name, ContentDigest digest, Platform platform, List<Layer> layers, ImageConfig config) {
    public ResolvedImage {
        layers = List.copyOf(layers);
    }

    /** Sum of the layers' stored sizes in bytes; a layer that appears twice is counted twice. */
    public long compressedBytes() {
        return layers.stream().mapToLong(Layer::size).sum();
    }
}
