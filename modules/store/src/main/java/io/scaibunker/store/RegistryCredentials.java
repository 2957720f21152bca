package io.scaibunker.store;

import io.scaibunker.model.TenantId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

/** Table {@code registry_credentials}: a tenant's own, one a host, sealed for exactly that tenant and host. */
public final class RegistryCredentials {
    /** What may be told of a credential. */
    public record Kept(String host, OffsetDateTime updatedAt) {}

    /** A user's name and password, or a token alone. Never printed. */
    public record Credential(Optional<String> username, Optional<String> password, Optional<String> token) {
        @Override
        public String toString() {
            return "Credential[***]";
        }
    }

    private RegistryCredentials() {}

    public static Future<Kept> put(
            SqlClient sql, SecretBox box, TenantId tenantId, String host, Credential credential) {
        return Sql.one(
                        sql,
                        """
                        INSERT INTO registry_credentials (tenant_id, host, sealed) VALUES (:tenant, :host, :sealed)
                        ON CONFLICT (tenant_id, host) DO UPDATE SET sealed = excluded.sealed, updated_at = now()
                        RETURNING host, updated_at
                        """,
                        where(tenantId, host).and("sealed", Buffer.buffer(seal(box, tenantId, host, credential))),
                        RegistryCredentials::kept)
                .map(kept -> kept.orElseThrow());
    }

    /** Opens the credential, to be handed to a worker for one bake. */
    public static Future<Optional<Credential>> open(SqlClient sql, SecretBox box, TenantId tenantId, String host) {
        return Sql.one(
                        sql,
                        "SELECT sealed FROM registry_credentials WHERE tenant_id = :tenant AND host = :host",
                        where(tenantId, host),
                        row -> row.getBuffer("sealed").getBytes())
                .map(found -> found.map(bytes -> {
                    JsonObject plain = new JsonObject(Buffer.buffer(box.open(bytes, purpose(tenantId, host))));
                    return new Credential(
                            Optional.ofNullable(plain.getString("username")),
                            Optional.ofNullable(plain.getString("password")),
                            Optional.ofNullable(plain.getString("token")));
                }));
    }

    /** In the order of hosts, behind {@code after}. */
    public static Future<List<Kept>> list(SqlClient sql, TenantId tenantId, Optional<String> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT host, updated_at FROM registry_credentials
                 WHERE tenant_id = :tenant AND (:after::text IS NULL OR host > :after) ORDER BY host LIMIT :limit
                """,
                Values.of("tenant", tenantId.value())
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                RegistryCredentials::kept);
    }

    /** @return what was forgotten; empty if there was none */
    public static Future<Optional<Kept>> delete(SqlClient sql, TenantId tenantId, String host) {
        return Sql.one(
                sql,
                "DELETE FROM registry_credentials WHERE tenant_id = :tenant AND host = :host RETURNING host, updated_at",
                where(tenantId, host),
                RegistryCredentials::kept);
    }

    private static Values where(TenantId tenantId, String host) {
        return Values.of("tenant", tenantId.value()).and("host", host);
    }

    private static byte[] seal(SecretBox box, TenantId tenantId, String host, Credential credential) {
        JsonObject plain = new JsonObject();
        credential.username().ifPresent(username -> plain.put("username", username));
        credential.password().ifPresent(password -> plain.put("password", password));
        credential.token().ifPresent(token -> plain.put("token", token));
        return box.seal(plain.toBuffer().getBytes(), purpose(tenantId, host));
    }

    private static String purpose(TenantId tenantId, String host) {
        return "registry-credential/" + tenantId + "/" + host;
    }

    private static Kept kept(Row row) {
        return new Kept(row.getString("host"), row.getOffsetDateTime("updated_at"));
    }
}
