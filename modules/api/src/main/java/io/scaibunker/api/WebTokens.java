package io.scaibunker.api;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;

/** Reads JSON Web Tokens of one issuer: RS256, with an end, naming a user of the platform. */
final class WebTokens {
    private static final String ALGORITHM = "RS256";

    /** What a token says: a user's id, and until when. */
    record Claims(String user, OffsetDateTime validUntil) {}

    private final JWTAuth reader;
    private final String userClaim;

    private WebTokens(JWTAuth reader, String userClaim) {
        this.reader = reader;
        this.userClaim = userClaim;
    }

    /** Reads the issuer's keys; empty where conf names none. */
    static Future<Optional<WebTokens>> open(Vertx vertx, ApiConfig config) {
        return config.jwksFile()
                .map(file -> vertx.fileSystem()
                        .readFile(file.toString())
                        .map(text -> Optional.of(of(vertx, text.toJsonObject(), config))))
                .orElseGet(() -> Future.succeededFuture(Optional.empty()));
    }

    private static WebTokens of(Vertx vertx, JsonObject keySet, ApiConfig config) {
        JWTOptions claims = new JWTOptions().setAlgorithm(ALGORITHM);
        config.jwtIssuer().ifPresent(claims::setIssuer);
        config.jwtAudience().ifPresent(audience -> claims.setAudience(List.of(audience)));
        JWTAuthOptions options = new JWTAuthOptions().setJWTOptions(claims);
        JsonArray keys = keySet.getJsonArray("keys", new JsonArray());
        // Only keys of the one algorithm: a key of another kind could be used to forge what the first one signs.
        keys.stream()
                .map(JsonObject.class::cast)
                .filter(key -> "RSA".equals(key.getString("kty")))
                .map(key -> key.copy().put("alg", ALGORITHM))
                .forEach(options::addJwk);
        return new WebTokens(JWTAuth.create(vertx, options), config.jwtUserClaim());
    }

    Future<Claims> read(String token) {
        return Future.succeededFuture(new TokenCredentials(token))
                .compose(reader::authenticate)
                .transform(read -> read.failed() ? Callers.invalid() : claims(read.result()));
    }

    private Future<Claims> claims(User user) {
        JsonObject said = user.attributes().getJsonObject("accessToken", new JsonObject());
        String name = said.getValue(userClaim) instanceof String text ? text : null;
        Long end = said.getValue("exp") instanceof Number seconds ? seconds.longValue() : null;
        return name == null || end == null
                ? Callers.invalid()
                : Future.succeededFuture(
                        new Claims(name, Instant.ofEpochSecond(end).atOffset(ZoneOffset.UTC)));
    }
}
