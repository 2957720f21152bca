package io.scaibunker.worker;

import io.scaibunker.bus.FleetPass;
import io.vertx.grpc.server.GrpcServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Tells members of the fleet, who show its join token, from others; those without a certificate, where these are asked for, do not come so far. */
final class Membership {
    private final byte[] token;

    Membership(FleetPass pass) {
        this.token = pass.token().reveal().getBytes(StandardCharsets.UTF_8);
    }

    boolean isMember(GrpcServerRequest<?, ?> request) {
        String shown = request.headers().get(FleetPass.TOKEN_KEY);
        return shown != null && MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), token);
    }
}
