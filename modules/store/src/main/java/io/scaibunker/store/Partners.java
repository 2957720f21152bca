package io.scaibunker.store;

import io.scaibunker.model.PartnerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;

/** Table {@code partners}: the owners of tenants. */
public final class Partners {
    private Partners() {}

    /** The partner of this name, made if there is none. */
    public static Future<PartnerId> named(SqlClient sql, String name) {
        return Sql.one(
                        sql,
                        """
                        INSERT INTO partners (id, name) VALUES (:id, :name)
                        ON CONFLICT (name) DO UPDATE SET name = excluded.name
                        RETURNING id
                        """,
                        Values.of("id", PartnerId.fresh().value()).and("name", name),
                        row -> new PartnerId(row.getUUID("id")))
                .map(found -> found.orElseThrow());
    }
}
