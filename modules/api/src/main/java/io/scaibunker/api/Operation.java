package io.scaibunker.api;

import io.vertx.core.Future;

/** What one operation of the contract does with a request that stood every check. */
@FunctionalInterface
interface Operation {
    /** May also throw; a {@link io.scaibunker.model.PlatformException} is told to the caller. */
    Future<Reply> run(Request request);
}
