package io.scaibunker.worker;

import io.scaibunker.bus.ExecMethod;
import io.scaibunker.model.Secret;
import io.vertx.grpc.server.GrpcServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Tells members of the fleet, who show its join token, from others. */
final class Membership {
    private final byte[] token;

    Membership(Secret joinToken) {
        this.token = joinToken.reveal().getBytes(StandardCharsets.UTF_8);
    }

    boolean isMember(GrpcServerRequest<?, ?> request) {
        String shown = request.headers().get(ExecMethod.TOKEN_KEY);
        return shown != null && MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), token);
    }
}
