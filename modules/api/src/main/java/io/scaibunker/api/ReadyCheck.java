package io.scaibunker.api;

import io.vertx.core.Future;

/** One thing that must be well before the node may be sent requests. */
@FunctionalInterface
public interface ReadyCheck {
    /** Succeeds if it is well; else the text of the failed {@link io.scaibunker.model.PlatformException} is shown to
     * whoever asks {@code /health/ready}. */
    Future<?> look();
}
