package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImageStatus;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Room;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Table {@code images}: what tenants have registered. */
public final class Images {
    /** An image as the API shows it, with what was baked from it and what its scan came to. */
    public record Image(
            ImageId id,
            Registration registration,
            ImageStatus status,
            Optional<String> manifestDigest,
            Optional<Baked> baked,
            ScanStatus scanStatus,
            Optional<String> scanReason,
            OffsetDateTime createdAt,
            Optional<OffsetDateTime> deactivatedAt) {}

    /** What its owner said of an image; never changed. */
    public record Registration(
            String name,
            String description,
            Scope scope,
            TenantId tenantId,
            PartnerId partnerId,
            UserId createdBy,
            JsonObject buildSource,
            int sizeMib,
            Room defaults,
            boolean lazyPull,
            JsonObject labels) {}

    public record Baked(Digest digest, long sizeBytes, long allocatedBytes, long entries, OffsetDateTime createdAt) {}

    /** Which of the images that one sees a list shows. */
    public record Filter(Optional<String> status, Optional<String> scope, Optional<String> name) {}

    private static final String SHOWN = """
            SELECT i.*, s.status AS scan_status, s.reason AS scan_reason,
                   a.digest AS artifact_digest, a.size_bytes, a.allocated_bytes, a.entries,
                   a.created_at AS artifact_created_at
              FROM images i
              LEFT JOIN scans s ON s.image_id = i.id
              LEFT JOIN artifacts a ON a.fingerprint = i.fingerprint
            """;

    static final String SEEN = "(i.scope = 'platform'"
            + " OR (i.scope = 'partner' AND i.partner_id = CAST(:partner AS uuid)) OR "
            + Viewer.within("i.tenant_id", "i.partner_id") + ")";

    private Images() {}

    public static Future<Void> insert(SqlClient sql, ImageId id, Registration image) {
        return Sql.run(
                        sql,
                        """
                        INSERT INTO images (id, name, description, scope, tenant_id, partner_id, created_by, build_source,
                               size_mib, default_cpu_millicores, default_memory_mb, default_disk_mb, lazy_pull, labels)
                        VALUES (:id, :name, :description, :scope, :tenant, :partner, :user, :source,
                               :size, :cpu, :memory, :disk, :lazy, :labels)
                        """,
                        Values.of("id", id.value())
                                .and("name", image.name())
                                .and("description", image.description())
                                .and("scope", image.scope().word())
                                .and("tenant", image.tenantId().value())
                                .and("partner", image.partnerId().value())
                                .and("user", image.createdBy().value())
                                .and("source", image.buildSource())
                                .and("size", image.sizeMib())
                                .and("cpu", image.defaults().cpuMillicores())
                                .and("memory", image.defaults().memoryMb())
                                .and("disk", image.defaults().diskMb())
                                .and("lazy", image.lazyPull())
                                .and("labels", image.labels()))
                .mapEmpty();
    }

    public static Future<Optional<Image>> find(SqlClient sql, Viewer viewer, ImageId id) {
        return Sql.one(
                sql, SHOWN + "WHERE i.id = :id AND " + SEEN, viewer.values().and("id", id.value()), Images::image);
    }

    /**
     * The image that a name means to a tenant: its own before its partner's before the platform's, an active one before
     * a deactivated one, the newest of those.
     */
    public static Future<Optional<Image>> named(SqlClient sql, Viewer viewer, String name) {
        Viewer tenant = Viewer.ofTenant(viewer.tenantId(), viewer.partnerId());
        return Sql.one(
                sql,
                SHOWN + "WHERE i.name = :name AND " + SEEN + """
                         ORDER BY i.status = 'active' DESC,
                                  array_position(ARRAY['tenant', 'partner', 'platform'], i.scope), i.id DESC
                         LIMIT 1
                        """,
                tenant.values().and("name", name),
                Images::image);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Image>> list(
            SqlClient sql, Viewer viewer, Filter filter, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + """
                        WHERE (:status::text IS NULL OR i.status = :status)
                          AND (:scope::text IS NULL OR i.scope = :scope)
                          AND (:name::text IS NULL OR i.name = :name)
                          AND (:after::uuid IS NULL OR i.id > :after) AND
                        """ + SEEN + " ORDER BY i.id LIMIT :limit",
                viewer.values()
                        .and("status", filter.status().orElse(null))
                        .and("scope", filter.scope().orElse(null))
                        .and("name", filter.name().orElse(null))
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                Images::image);
    }

    /** No bunker starts from it any more, and its name is free again. */
    public static Future<Boolean> deactivate(SqlClient sql, ImageId id) {
        return Sql.moved(
                sql,
                "UPDATE images SET status = 'deactivated', deactivated_at = now() WHERE id = :id AND status = 'active'",
                Values.of("id", id.value()));
    }

    private static Image image(Row row) {
        return new Image(
                new ImageId(row.getUUID("id")),
                registration(row),
                Word.parse(ImageStatus.class, row.getString("status")),
                Optional.ofNullable(row.getString("manifest_digest")),
                Optional.ofNullable(row.getString("artifact_digest")).map(digest -> baked(row, digest)),
                Optional.ofNullable(row.getString("scan_status"))
                        .map(word -> Word.parse(ScanStatus.class, word))
                        .orElse(ScanStatus.PENDING),
                Optional.ofNullable(row.getString("scan_reason")),
                row.getOffsetDateTime("created_at"),
                Optional.ofNullable(row.getOffsetDateTime("deactivated_at")));
    }

    private static Registration registration(Row row) {
        return new Registration(
                row.getString("name"),
                row.getString("description"),
                Word.parse(Scope.class, row.getString("scope")),
                new TenantId(row.getUUID("tenant_id")),
                new PartnerId(row.getUUID("partner_id")),
                new UserId(row.getUUID("created_by")),
                row.getJsonObject("build_source"),
                row.getInteger("size_mib"),
                new Room(
                        row.getInteger("default_cpu_millicores"),
                        row.getInteger("default_memory_mb"),
                        row.getInteger("default_disk_mb")),
                row.getBoolean("lazy_pull"),
                row.getJsonObject("labels"));
    }

    private static Baked baked(Row row, String digest) {
        return new Baked(
                new Digest(digest),
                row.getLong("size_bytes"),
                row.getLong("allocated_bytes"),
                row.getLong("entries"),
                row.getOffsetDateTime("artifact_created_at"));
    }
}
