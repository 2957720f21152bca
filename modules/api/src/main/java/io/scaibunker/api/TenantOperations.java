package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.store.Database;
import io.scaibunker.store.Partners;
import io.scaibunker.store.Tenants;
import io.scaibunker.store.Tenants.Tenant;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.util.Map;
import java.util.Optional;

/** Tenants: made by whoever reaches their partner. */
final class TenantOperations {
    private final Database database;

    TenantOperations(Database database) {
        this.database = database;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createTenant", this::create);
        operations.put("listTenants", this::list);
        operations.put("getTenant", this::get);
    }

    private Future<Reply> create(Request request) {
        Caller caller = request.caller();
        Optional<String> partner = request.text("partner");
        if (caller.reach() == Scope.TENANT || (partner.isPresent() && !caller.reachesAll())) {
            throw Caller.denied("a tenant is made by a role that reaches its partner");
        }
        TenantId id = TenantId.fresh();
        return database.inTransaction(sql -> partnerId(sql, caller, partner)
                        .compose(partnerId -> Tenants.insert(
                                sql, id, partnerId, request.body().getString("name")))
                        .compose(inserted -> tenant(sql, caller, id)))
                .map(TenantOperations::view)
                .map(Reply::created);
    }

    private static Future<PartnerId> partnerId(SqlClient sql, Caller caller, Optional<String> name) {
        return name.map(named -> Partners.named(sql, named))
                .orElseGet(() -> Future.succeededFuture(caller.partnerId()));
    }

    private static Future<Tenant> tenant(SqlClient sql, Caller caller, TenantId id) {
        return Tenants.find(sql, caller.viewer(), id).compose(Finder.there(ErrorCode.TENANT_NOT_FOUND, "tenant", id));
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return Tenants.list(database.client(), request.caller().viewer(), request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows,
                        limit,
                        TenantOperations::view,
                        tenant -> tenant.id().value()));
    }

    private Future<Reply> get(Request request) {
        return tenant(database.client(), request.caller(), request.path("id", TenantId::parse))
                .map(TenantOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(Tenant tenant) {
        return new JsonObject()
                .put("id", tenant.id().toString())
                .put("name", tenant.name())
                .put("partner_id", tenant.partnerId().toString())
                .put("partner_name", tenant.partnerName())
                .put("created_at", Shown.time(tenant.createdAt()));
    }
}
