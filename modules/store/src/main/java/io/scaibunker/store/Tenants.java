package io.scaibunker.store;

import io.scaibunker.model.PartnerId;
import io.scaibunker.model.TenantId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Table {@code tenants}: the owners of images, groups and bunkers. */
public final class Tenants {
    public record Tenant(TenantId id, String name, PartnerId partnerId, String partnerName, OffsetDateTime createdAt) {}

    private static final String SHOWN =
            "SELECT t.*, p.name AS partner_name FROM tenants t JOIN partners p ON p.id = t.partner_id ";

    private Tenants() {}

    public static Future<Void> insert(SqlClient sql, TenantId id, PartnerId partnerId, String name) {
        return Sql.run(
                        sql,
                        "INSERT INTO tenants (id, partner_id, name) VALUES (:id, :partner, :name)",
                        Values.of("id", id.value())
                                .and("partner", partnerId.value())
                                .and("name", name))
                .mapEmpty();
    }

    public static Future<Optional<Tenant>> find(SqlClient sql, Viewer viewer, TenantId id) {
        return Sql.one(
                sql,
                SHOWN + "WHERE t.id = :id AND " + Viewer.within("t.id", "t.partner_id"),
                viewer.values().and("id", id.value()),
                Tenants::tenant);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Tenant>> list(SqlClient sql, Viewer viewer, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + "WHERE (:after::uuid IS NULL OR t.id > :after) AND " + Viewer.within("t.id", "t.partner_id")
                        + " ORDER BY t.id LIMIT :limit",
                viewer.values().and("after", after.orElse(null)).and("limit", limit),
                Tenants::tenant);
    }

    private static Tenant tenant(Row row) {
        return new Tenant(
                new TenantId(row.getUUID("id")),
                row.getString("name"),
                new PartnerId(row.getUUID("partner_id")),
                row.getString("partner_name"),
                row.getOffsetDateTime("created_at"));
    }
}
