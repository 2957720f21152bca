package io.scaibunker.api;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as a door took it: nothing in it is checked.
 *
 * @param authorization as in HTTP's header; null if there was none
 * @param path the path's parameters, decoded
 * @param query decoded; of a name that came twice, the first
 * @param body JSON, or empty
 * @param gone ends when the caller waits no more; never for one that may ask again for the same answer
 */
record Incoming(
        String operationId,
        String requestId,
        @Nullable String authorization,
        @Nullable String idempotencyKey,
        Map<String, String> path,
        Map<String, String> query,
        Buffer body,
        Future<Void> gone) {}
