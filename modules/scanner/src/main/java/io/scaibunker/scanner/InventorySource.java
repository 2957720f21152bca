package io.scaibunker.scanner;

import io.scaibunker.model.Digest;
import io.vertx.core.Future;

/** Asks a worker what an artifact holds of which it has a copy. */
@FunctionalInterface
public interface InventorySource {
    /**
     * The inventory, packed; what fails is a {@link io.scaibunker.model.PlatformException}.
     *
     * @param worker {@code host:port}
     */
    Future<byte[]> read(String worker, Digest artifact);
}
