package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.store.Database;
import io.scaibunker.store.Tenants;
import io.scaibunker.store.Users;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** Who the caller is, and what they may: what a client shows its user, and what it need not offer. */
final class CallerOperations {
    private final Database database;

    CallerOperations(Database database) {
        this.database = database;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("getCaller", this::show);
    }

    private Future<Reply> show(Request request) {
        Caller caller = request.caller();
        return Users.active(database.client(), caller.userId())
                .compose(Finder.there(ErrorCode.USER_NOT_FOUND, "user", caller.userId()))
                .compose(user -> Tenants.find(database.client(), caller.viewer(), caller.tenantId())
                        .compose(Finder.there(ErrorCode.TENANT_NOT_FOUND, "tenant", caller.tenantId()))
                        .map(tenant -> Reply.ok(
                                view(caller).put("user_name", user.name()).put("tenant_name", tenant.name()))));
    }

    private static JsonObject view(Caller caller) {
        return new JsonObject()
                .put("user_id", caller.userId().toString())
                .put("tenant_id", caller.tenantId().toString())
                .put("partner_id", caller.partnerId().toString())
                .put("role", caller.role().word())
                .put("reach", caller.reach().word())
                .put(
                        "permissions",
                        new JsonArray(caller.permissions().stream()
                                .map(Permission::key)
                                .sorted()
                                .toList()))
                .put("valid_until", Shown.time(caller.validUntil()));
    }
}
