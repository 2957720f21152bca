package io.scaibunker.worker;

import io.scaibunker.bus.ExecMethod;
import io.scaibunker.model.Secret;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Tells members of the fleet from strangers, by the token that they show. */
final class Membership {
    private final byte[] token;

    Membership(Secret joinToken) {
        this.token = joinToken.reveal().getBytes(StandardCharsets.UTF_8);
    }

    boolean isShownBy(MultiMap headers) {
        String shown = headers.get(ExecMethod.TOKEN_KEY);
        return shown != null && MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), token);
    }
}
