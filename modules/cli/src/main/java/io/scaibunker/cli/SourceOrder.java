package io.scaibunker.cli;

import io.scaibunker.oci.Platform;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * Which image, and how it is reached.
 *
 * @param insecureRegistries spoken to in plain http
 * @param dockerConfig with credentials for registries
 * @param blobs a directory that keeps what was fetched from registries, which is there
 */
record SourceOrder(
        BakeSource source,
        Platform platform,
        Set<String> insecureRegistries,
        Optional<Path> dockerConfig,
        Optional<Path> blobs) {}
