package io.scaibunker.cli;

import io.scaibunker.oci.Platform;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * What shall be baked.
 *
 * @param out the file, absolute; its directory is there
 * @param segments a directory that remembers layers, which is there
 * @param blobs a directory that keeps what was fetched, which is there
 * @param insecureRegistries spoken to in plain http
 * @param dockerConfig with credentials for registries
 */
record BakeOrder(
        BakeSource source,
        long sizeMib,
        Path out,
        Platform platform,
        Baker baker,
        Optional<Path> segments,
        Optional<Path> blobs,
        Set<String> insecureRegistries,
        Optional<Path> dockerConfig) {}
