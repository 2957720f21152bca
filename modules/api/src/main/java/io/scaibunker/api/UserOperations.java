package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.Role;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.store.Database;
import io.scaibunker.store.Tenants;
import io.scaibunker.store.Users;
import io.scaibunker.store.Users.User;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Users: nobody makes one who may more than they do. */
final class UserOperations {
    private final Database database;

    UserOperations(Database database) {
        this.database = database;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createUser", this::create);
        operations.put("listUsers", this::list);
        operations.put("getUser", this::get);
        operations.put("disableUser", this::disable);
    }

    private Future<Reply> create(Request request) {
        Caller caller = request.caller();
        Role role = Word.parse(Role.class, request.body().getString("role"));
        Set<Permission> grants = EnumSet.noneOf(Permission.class);
        request.body()
                .getJsonArray("grants", new JsonArray())
                .forEach(key -> grants.add(Permission.parse((String) key)));
        Set<Permission> all = EnumSet.copyOf(role.permissions());
        all.addAll(grants);
        if (!caller.covers(role, all)) {
            throw Caller.denied("nobody can give more than they have: role " + role.word() + " with these grants");
        }
        TenantId tenantId = request.text("tenant_id").map(TenantId::parse).orElse(caller.tenantId());
        UserId id = UserId.fresh();
        return Tenants.find(database.client(), caller.viewer(), tenantId)
                .compose(Finder.there(ErrorCode.TENANT_NOT_FOUND, "tenant", tenantId))
                .compose(tenant -> Users.insert(
                        database.client(), id, tenantId, request.body().getString("name"), role, grants))
                .compose(inserted -> user(caller, id))
                .map(UserOperations::view)
                .map(Reply::created);
    }

    private Future<User> user(Caller caller, UserId id) {
        return Users.find(database.client(), caller.viewer(), id)
                .compose(Finder.there(ErrorCode.USER_NOT_FOUND, "user", id));
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return Users.list(database.client(), request.caller().viewer(), request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows, limit, UserOperations::view, user -> user.id().value()));
    }

    private Future<Reply> get(Request request) {
        return user(request.caller(), request.path("id", UserId::parse))
                .map(UserOperations::view)
                .map(Reply::ok);
    }

    private Future<Reply> disable(Request request) {
        Caller caller = request.caller();
        return user(caller, request.path("id", UserId::parse))
                .compose(user -> {
                    if (!caller.covers(user.role(), user.permissions())) {
                        throw Caller.denied("user " + user.id() + " may more than the caller");
                    }
                    return Users.disable(database.client(), user.id());
                })
                .compose(disabled -> user(caller, request.path("id", UserId::parse)))
                .map(UserOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(User user) {
        return new JsonObject()
                .put("id", user.id().toString())
                .put("name", user.name())
                .put("tenant_id", user.tenantId().toString())
                .put("role", user.role().word())
                .put(
                        "grants",
                        new JsonArray(
                                user.grants().stream().map(Permission::key).toList()))
                .put("created_at", Shown.time(user.createdAt()))
                .put("disabled_at", Shown.time(user.disabledAt()));
    }
}
