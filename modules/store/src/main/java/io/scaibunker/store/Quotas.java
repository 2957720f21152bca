package io.scaibunker.store;

import io.scaibunker.model.QuotaId;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tables {@code quota_profiles} and {@code quota_usage}: what the bunkers of a tenant, and of each of its users, may take, and
 * what they do take. Held by the statement that places ({@link Bookings}).
 */
public final class Quotas {
    /** Whose bunkers are counted together. */
    public enum Bucket implements Word {
        TENANT,
        USER
    }

    /** The most that may be taken of each; empty: no bound. */
    public record Caps(OptionalLong bunkers, OptionalLong cpuMillicores, OptionalLong memoryMb, OptionalLong diskMb) {
        public static final Caps NONE =
                new Caps(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());
    }

    /**
     * Caps for one bucket.
     *
     * @param tenantId empty: of every tenant that has no profile of its own
     * @param userId empty: of every user (of the tenant) that has no profile of their own
     */
    public record Profile(
            QuotaId id,
            String name,
            Bucket bucket,
            Optional<TenantId> tenantId,
            Optional<UserId> userId,
            Caps caps,
            OffsetDateTime createdAt,
            OffsetDateTime updatedAt) {}

    /** A profile to make. */
    public record Draft(
            QuotaId id, String name, Bucket bucket, Optional<TenantId> tenantId, Optional<UserId> userId, Caps caps) {}

    /**
     * What a bucket holds.
     *
     * @param profile the one that counts, if any
     */
    public record Usage(
            Bucket bucket,
            UUID owner,
            long bunkers,
            long cpuMillicores,
            long memoryMb,
            long diskMb,
            Optional<QuotaId> profile,
            Caps caps) {}

    /** The platform's profiles are seen by all who may look at profiles; others by whom reaches their tenant. */
    private static final String SEEN = """
            SELECT q.* FROM quota_profiles q LEFT JOIN tenants t ON t.id = q.tenant_id WHERE (q.tenant_id IS NULL OR
            """ + Viewer.within("t.id", "t.partner_id") + ") ";

    private Quotas() {}

    public static Future<Void> insert(SqlClient sql, Draft draft) {
        return Sql.run(
                        sql,
                        """
                        INSERT INTO quota_profiles (id, name, bucket, tenant_id, user_id, bunkers, cpu_millicores, memory_mb,
                               disk_mb)
                        VALUES (:id, :name, :bucket, :tenant, :user, :bunkers, :cpu, :memory, :disk)
                        """,
                        values(draft.caps())
                                .and("id", draft.id().value())
                                .and("name", draft.name())
                                .and("bucket", draft.bucket().word())
                                .and(
                                        "tenant",
                                        draft.tenantId().map(TenantId::value).orElse(null))
                                .and("user", draft.userId().map(UserId::value).orElse(null)))
                .mapEmpty();
    }

    public static Future<Boolean> change(SqlClient sql, QuotaId id, String name, Caps caps) {
        return Sql.moved(sql, """
                UPDATE quota_profiles
                   SET name = :name, bunkers = :bunkers, cpu_millicores = :cpu, memory_mb = :memory, disk_mb = :disk,
                       updated_at = now()
                 WHERE id = :id
                """, values(caps).and("id", id.value()).and("name", name));
    }

    public static Future<Boolean> delete(SqlClient sql, QuotaId id) {
        return Sql.moved(sql, "DELETE FROM quota_profiles WHERE id = :id", Values.of("id", id.value()));
    }

    public static Future<Optional<Profile>> find(SqlClient sql, Viewer viewer, QuotaId id) {
        return Sql.one(sql, SEEN + "AND q.id = :id", viewer.values().and("id", id.value()), Quotas::profile);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Profile>> list(SqlClient sql, Viewer viewer, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SEEN + "AND (:after::uuid IS NULL OR q.id > :after) ORDER BY q.id LIMIT :limit",
                viewer.values().and("after", after.orElse(null)).and("limit", limit),
                Quotas::profile);
    }

    /** What a tenant and one of its users take, and may take. */
    public static Future<List<Usage>> usage(SqlClient sql, TenantId tenant, UserId user) {
        return Sql.list(
                sql,
                """
                SELECT o.bucket, o.id AS owner, coalesce(u.bunkers, 0) AS used_bunkers,
                       coalesce(u.cpu_millicores, 0) AS used_cpu, coalesce(u.memory_mb, 0) AS used_memory,
                       coalesce(u.disk_mb, 0) AS used_disk, q.*
                  FROM (VALUES ('tenant', :tenant::uuid), ('user', :user::uuid)) o(bucket, id)
                  LEFT JOIN quota_usage u ON u.owner_id = o.id
                  LEFT JOIN LATERAL (SELECT p.id AS profile, p.bunkers, p.cpu_millicores, p.memory_mb, p.disk_mb
                                       FROM quota_of(o.bucket, :tenant, :user) p) q ON true
                 ORDER BY o.bucket
                """,
                Values.of("tenant", tenant.value()).and("user", user.value()),
                row -> new Usage(
                        Word.parse(Bucket.class, row.getString("bucket")),
                        row.getUUID("owner"),
                        row.getLong("used_bunkers"),
                        row.getLong("used_cpu"),
                        row.getLong("used_memory"),
                        row.getLong("used_disk"),
                        Optional.ofNullable(row.getUUID("profile")).map(QuotaId::new),
                        caps(row)));
    }

    private static Values values(Caps caps) {
        return Values.of("bunkers", boxed(caps.bunkers()))
                .and("cpu", boxed(caps.cpuMillicores()))
                .and("memory", boxed(caps.memoryMb()))
                .and("disk", boxed(caps.diskMb()));
    }

    private static @Nullable Long boxed(OptionalLong cap) {
        return cap.isPresent() ? cap.getAsLong() : null;
    }

    private static Profile profile(Row row) {
        return new Profile(
                new QuotaId(row.getUUID("id")),
                row.getString("name"),
                Word.parse(Bucket.class, row.getString("bucket")),
                Optional.ofNullable(row.getUUID("tenant_id")).map(TenantId::new),
                Optional.ofNullable(row.getUUID("user_id")).map(UserId::new),
                caps(row),
                row.getOffsetDateTime("created_at"),
                row.getOffsetDateTime("updated_at"));
    }

    private static Caps caps(Row row) {
        return new Caps(cap(row, "bunkers"), cap(row, "cpu_millicores"), cap(row, "memory_mb"), cap(row, "disk_mb"));
    }

    private static OptionalLong cap(Row row, String column) {
        Long cap = row.getLong(column);
        return cap == null ? OptionalLong.empty() : OptionalLong.of(cap);
    }
}
