package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.KeyId;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.UserId;
import io.scaibunker.store.ApiKeys;
import io.scaibunker.store.ApiKeys.Key;
import io.scaibunker.store.Database;
import io.scaibunker.store.Users;
import io.scaibunker.store.Users.User;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;

/** API keys: made, shown without their secret, revoked. */
final class KeyOperations {
    private final Database database;

    KeyOperations(Database database) {
        this.database = database;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createApiKey", this::create);
        operations.put("listApiKeys", this::list);
        operations.put("getApiKey", this::get);
        operations.put("revokeApiKey", this::revoke);
    }

    private Future<Reply> create(Request request) {
        Caller caller = request.caller();
        UserId userId = request.text("user_id").map(UserId::parse).orElse(caller.userId());
        KeySecret secret = KeySecret.fresh();
        KeyId id = KeyId.fresh();
        return coveredUser(caller, userId)
                .compose(user -> end(request))
                .compose(end -> ApiKeys.insert(
                        database.client(),
                        new ApiKeys.Minted(
                                id, userId, request.body().getString("name"), secret.hash(), secret.hint(), end)))
                .compose(inserted -> key(caller, id))
                .map(key -> Reply.created(view(key).put("key", secret.text())));
    }

    /** A key gives all that its user may: so its maker must be that user, or may as much. */
    private Future<User> coveredUser(Caller caller, UserId userId) {
        boolean self = userId.equals(caller.userId());
        if (!self && !caller.may(Permission.ADMIN)) {
            throw Caller.denied(Permission.ADMIN.key() + " is needed for another user's keys");
        }
        return Users.find(database.client(), caller.viewer(), userId)
                .compose(Finder.there(ErrorCode.USER_NOT_FOUND, "user", userId))
                .map(user -> {
                    if (!self && !caller.covers(user.role(), user.permissions())) {
                        throw Caller.denied("user " + userId + " may more than the caller");
                    }
                    return user;
                });
    }

    /** The earlier of what is asked and of when the caller's own token ends. */
    private Future<Optional<OffsetDateTime>> end(Request request) {
        Optional<OffsetDateTime> own = request.caller().validUntil();
        int seconds = request.number("expires_in_s", 0);
        return seconds == 0
                ? Future.succeededFuture(own)
                : ApiKeys.secondsFromNow(database.client(), seconds)
                        .map(asked -> Optional.of(
                                own.filter(end -> end.isBefore(asked)).orElse(asked)));
    }

    private Future<Reply> list(Request request) {
        Caller caller = request.caller();
        ApiKeys.Filter filter = new ApiKeys.Filter(
                caller.viewer(), caller.may(Permission.ADMIN) ? Optional.empty() : Optional.of(caller.userId()));
        int limit = request.limit();
        return ApiKeys.list(database.client(), filter, request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows, limit, KeyOperations::view, key -> key.id().value()));
    }

    private Future<Reply> get(Request request) {
        return key(request.caller(), request.path("id", KeyId::parse))
                .map(KeyOperations::view)
                .map(Reply::ok);
    }

    /** The key, if it is the caller's own, or within reach of an administrator. */
    private Future<Key> key(Caller caller, KeyId id) {
        PlatformException gone = new PlatformException(ErrorCode.KEY_NOT_FOUND, "there is no key " + id);
        return ApiKeys.find(database.client(), caller.viewer(), id)
                .compose(found -> found.filter(
                                key -> key.userId().equals(caller.userId()) || caller.may(Permission.ADMIN))
                        .map(Future::succeededFuture)
                        .orElseGet(() -> Future.failedFuture(gone)));
    }

    private Future<Reply> revoke(Request request) {
        Caller caller = request.caller();
        KeyId id = request.path("id", KeyId::parse);
        return key(caller, id)
                .compose(key -> coveredUser(caller, key.userId()))
                .compose(covered -> ApiKeys.revoke(database.client(), id))
                .compose(revoked -> key(caller, id))
                .map(KeyOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(Key key) {
        return new JsonObject()
                .put("id", key.id().toString())
                .put("name", key.name())
                .put("user_id", key.userId().toString())
                .put("tenant_id", key.tenantId().toString())
                .put("hint", key.hint())
                .put("created_at", Shown.time(key.createdAt()))
                .put("expires_at", Shown.time(key.expiresAt()))
                .put("revoked_at", Shown.time(key.revokedAt()));
    }
}
