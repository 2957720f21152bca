package io.scaibunker.store;

import io.scaibunker.model.KeyId;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Table {@code api_keys}: what a caller shows. The secret itself is never here, only its SHA-256. */
public final class ApiKeys {
    /** A key as the API shows it. */
    public record Key(
            KeyId id,
            String name,
            UserId userId,
            TenantId tenantId,
            PartnerId partnerId,
            String hint,
            OffsetDateTime createdAt,
            Optional<OffsetDateTime> expiresAt,
            Optional<OffsetDateTime> revokedAt) {}

    /** A key to keep. */
    public record Minted(
            KeyId id, UserId userId, String name, byte[] secretHash, String hint, Optional<OffsetDateTime> expiresAt) {}

    /** Whom a secret belongs to, and until when. */
    public record Holder(Users.User user, Optional<OffsetDateTime> expiresAt) {}

    /** Which keys a list shows: those of one user, or of all within reach. */
    public record Filter(Viewer viewer, Optional<UserId> userId) {}

    private static final String SHOWN = """
            SELECT k.*, u.tenant_id, t.partner_id
              FROM api_keys k JOIN users u ON u.id = k.user_id JOIN tenants t ON t.id = u.tenant_id
            """;

    private ApiKeys() {}

    public static Future<Void> insert(SqlClient sql, Minted key) {
        return Sql.run(
                        sql,
                        """
                        INSERT INTO api_keys (id, user_id, name, secret_hash, hint, expires_at)
                        VALUES (:id, :user, :name, :hash, :hint, :expires)
                        """,
                        Values.of("id", key.id().value())
                                .and("user", key.userId().value())
                                .and("name", key.name())
                                .and("hash", Buffer.buffer(key.secretHash()))
                                .and("hint", key.hint())
                                .and("expires", key.expiresAt().orElse(null)))
                .mapEmpty();
    }

    /** Whose secret this is: empty if nobody's, or if the key or its user is not taken any more. */
    public static Future<Optional<Holder>> holder(SqlClient sql, byte[] secretHash) {
        return Sql.one(
                sql,
                """
                SELECT u.*, t.partner_id, k.expires_at
                  FROM api_keys k JOIN users u ON u.id = k.user_id JOIN tenants t ON t.id = u.tenant_id
                 WHERE k.secret_hash = :hash AND k.revoked_at IS NULL AND u.disabled_at IS NULL
                   AND (k.expires_at IS NULL OR k.expires_at > now())
                """,
                Values.of("hash", Buffer.buffer(secretHash)),
                row -> new Holder(Users.user(row), Optional.ofNullable(row.getOffsetDateTime("expires_at"))));
    }

    public static Future<Optional<Key>> find(SqlClient sql, Viewer viewer, KeyId id) {
        return Sql.one(
                sql,
                SHOWN + "WHERE k.id = :id AND " + Viewer.within("u.tenant_id", "t.partner_id"),
                viewer.values().and("id", id.value()),
                ApiKeys::key);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Key>> list(SqlClient sql, Filter filter, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN
                        + "WHERE (:user::uuid IS NULL OR k.user_id = :user) AND (:after::uuid IS NULL OR k.id > :after) AND "
                        + Viewer.within("u.tenant_id", "t.partner_id") + " ORDER BY k.id LIMIT :limit",
                filter.viewer()
                        .values()
                        .and("user", filter.userId().map(UserId::value).orElse(null))
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                ApiKeys::key);
    }

    /** From this moment the key is not taken. */
    public static Future<Boolean> revoke(SqlClient sql, KeyId id) {
        return Sql.moved(
                sql,
                "UPDATE api_keys SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL",
                Values.of("id", id.value()));
    }

    /** The time a key of so many seconds ends, by the database's clock. */
    public static Future<OffsetDateTime> secondsFromNow(SqlClient sql, long seconds) {
        return Sql.one(
                        sql,
                        "SELECT now() + :seconds * interval '1 second' AS then",
                        Values.of("seconds", seconds),
                        row -> row.getOffsetDateTime("then").withOffsetSameInstant(ZoneOffset.UTC))
                .map(then -> then.orElseThrow());
    }

    private static Key key(Row row) {
        return new Key(
                new KeyId(row.getUUID("id")),
                row.getString("name"),
                new UserId(row.getUUID("user_id")),
                new TenantId(row.getUUID("tenant_id")),
                new PartnerId(row.getUUID("partner_id")),
                row.getString("hint"),
                row.getOffsetDateTime("created_at"),
                Optional.ofNullable(row.getOffsetDateTime("expires_at")),
                Optional.ofNullable(row.getOffsetDateTime("revoked_at")));
    }
}
