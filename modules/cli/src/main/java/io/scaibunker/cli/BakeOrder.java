package io.scaibunker.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What shall be baked.
 *
 * @param out the file, absolute; its directory is there
 * @param segments a directory that remembers layers, which is there
 */
record BakeOrder(SourceOrder from, long sizeMib, Path out, Baker baker, Optional<Path> segments) {}
