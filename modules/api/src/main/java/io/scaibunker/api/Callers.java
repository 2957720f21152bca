package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.UserId;
import io.scaibunker.store.ApiKeys;
import io.scaibunker.store.Database;
import io.scaibunker.store.Users;
import io.vertx.core.Future;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells who shows a token. Nothing is remembered between requests: a key revoked now is refused now. */
final class Callers {
    private static final String BEARER = "Bearer ";
    private static final int TOKEN_MAX = 8192;

    private final Database database;
    private final Optional<WebTokens> webTokens;

    Callers(Database database, Optional<WebTokens> webTokens) {
        this.database = database;
        this.webTokens = webTokens;
    }

    Future<Caller> of(@Nullable String authorization) {
        if (authorization == null || authorization.isBlank()) {
            return Future.failedFuture(new PlatformException(
                    ErrorCode.AUTH_TOKEN_MISSING, "the header Authorization: Bearer … is needed"));
        }
        if (!authorization.regionMatches(true, 0, BEARER, 0, BEARER.length()) || authorization.length() > TOKEN_MAX) {
            return invalid();
        }
        String token = authorization.substring(BEARER.length()).strip();
        return token.startsWith(KeySecret.PREFIX) ? ofKey(token) : ofWebToken(token);
    }

    private Future<Caller> ofKey(String token) {
        if (!KeySecret.looksLikeOne(token)) {
            return invalid();
        }
        return ApiKeys.holder(database.client(), new KeySecret(token).hash())
                .compose(found -> found.map(
                                holder -> Future.succeededFuture(Caller.of(holder.user(), holder.expiresAt())))
                        .orElseGet(Callers::invalid));
    }

    private Future<Caller> ofWebToken(String token) {
        return webTokens.map(tokens -> tokens.read(token).compose(this::ofUser)).orElseGet(Callers::invalid);
    }

    private Future<Caller> ofUser(WebTokens.Claims claims) {
        UserId userId;
        try {
            userId = UserId.parse(claims.user());
        } catch (IllegalArgumentException e) {
            return invalid();
        }
        return Users.active(database.client(), userId)
                .compose(found -> found.map(
                                user -> Future.succeededFuture(Caller.of(user, Optional.of(claims.validUntil()))))
                        .orElseGet(Callers::invalid));
    }

    static <T> Future<T> invalid() {
        return Future.failedFuture(
                new PlatformException(ErrorCode.AUTH_TOKEN_INVALID, "the token is unknown, expired or revoked"));
    }
}
