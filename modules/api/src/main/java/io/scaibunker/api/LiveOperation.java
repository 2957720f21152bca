package io.scaibunker.api;

import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/** What one operation of the contract does where bytes flow while it lasts: over HTTP, for members of the cluster by {@link MemberDoor}. */
@FunctionalInterface
interface LiveOperation {
    /**
     * @param request stood every check
     * @param http paused: its body is the operation's to read
     * @return an answer like any other operation's, or empty if it has answered by itself; a failure before the first byte
     *     of an answer is told to the caller
     */
    Future<Optional<Reply>> begin(Request request, HttpServerRequest http);
}
