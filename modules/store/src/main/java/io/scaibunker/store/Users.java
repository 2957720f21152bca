package io.scaibunker.store;

import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Permission;
import io.scaibunker.model.Role;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Table {@code users}: who acts, in which tenant, with which role and grants. */
public final class Users {
    public record User(
            UserId id,
            String name,
            TenantId tenantId,
            PartnerId partnerId,
            Role role,
            Set<Permission> grants,
            OffsetDateTime createdAt,
            Optional<OffsetDateTime> disabledAt) {

        /** What the role gives and the grants add. */
        public Set<Permission> permissions() {
            Set<Permission> all = EnumSet.copyOf(role.permissions());
            all.addAll(grants);
            return all;
        }
    }

    /** The lock under which the first user is made; any number that nobody else locks. */
    private static final long FIRST_USER_LOCK = 0x5ca1b001L;

    private static final String SHOWN = "SELECT u.*, t.partner_id FROM users u JOIN tenants t ON t.id = u.tenant_id ";

    private Users() {}

    public static Future<Void> insert(
            SqlClient sql, UserId id, TenantId tenantId, String name, Role role, Set<Permission> grants) {
        return Sql.run(
                        sql,
                        """
                        INSERT INTO users (id, tenant_id, name, role, grants)
                        VALUES (:id, :tenant, :name, :role, :grants)
                        """,
                        Values.of("id", id.value())
                                .and("tenant", tenantId.value())
                                .and("name", name)
                                .and("role", role.word())
                                .and("grants", keys(grants)))
                .mapEmpty();
    }

    private static String[] keys(Set<Permission> grants) {
        return grants.stream().map(Permission::key).sorted().toArray(String[]::new);
    }

    /**
     * Waits for its turn among processes that start at once, until the transaction's end.
     *
     * @return whether there is no user yet
     */
    public static Future<Boolean> nobodyYet(SqlClient transaction) {
        return Sql.run(transaction, "SELECT pg_advisory_xact_lock(:lock)", Map.of("lock", FIRST_USER_LOCK))
                .compose(turn -> Sql.one(transaction, "SELECT 1 FROM users LIMIT 1", Map.of(), row -> true))
                .map(Optional::isEmpty);
    }

    public static Future<Optional<User>> find(SqlClient sql, Viewer viewer, UserId id) {
        return Sql.one(
                sql,
                SHOWN + "WHERE u.id = :id AND " + Viewer.within("u.tenant_id", "t.partner_id"),
                viewer.values().and("id", id.value()),
                Users::user);
    }

    /** Whoever it is, if not disabled: for a token that names a user. */
    public static Future<Optional<User>> active(SqlClient sql, UserId id) {
        return Sql.one(
                sql, SHOWN + "WHERE u.id = :id AND u.disabled_at IS NULL", Values.of("id", id.value()), Users::user);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<User>> list(SqlClient sql, Viewer viewer, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + "WHERE (:after::uuid IS NULL OR u.id > :after) AND "
                        + Viewer.within("u.tenant_id", "t.partner_id") + " ORDER BY u.id LIMIT :limit",
                viewer.values().and("after", after.orElse(null)).and("limit", limit),
                Users::user);
    }

    /** From now on none of the user's keys is taken. */
    public static Future<Boolean> disable(SqlClient sql, UserId id) {
        return Sql.moved(
                sql,
                "UPDATE users SET disabled_at = now() WHERE id = :id AND disabled_at IS NULL",
                Values.of("id", id.value()));
    }

    static User user(Row row) {
        Set<Permission> grants = EnumSet.noneOf(Permission.class);
        Arrays.stream(row.getArrayOfStrings("grants")).map(Permission::parse).forEach(grants::add);
        return new User(
                new UserId(row.getUUID("id")),
                row.getString("name"),
                new TenantId(row.getUUID("tenant_id")),
                new PartnerId(row.getUUID("partner_id")),
                Word.parse(Role.class, row.getString("role")),
                grants,
                row.getOffsetDateTime("created_at"),
                Optional.ofNullable(row.getOffsetDateTime("disabled_at")));
    }
}
