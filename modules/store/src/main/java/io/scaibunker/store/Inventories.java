package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Optional;

/** Table {@code inventories}: what artifacts hold, as the library of that name packs it. */
public final class Inventories {
    private Inventories() {}

    /** Kept once: what an artifact holds never changes. */
    public static Future<Void> keep(SqlClient sql, Digest artifact, byte[] content) {
        return Sql.run(
                        sql,
                        "INSERT INTO inventories (artifact_digest, content) VALUES (:artifact, :content) ON CONFLICT DO NOTHING",
                        Values.of("artifact", artifact.text()).and("content", Buffer.buffer(content)))
                .mapEmpty();
    }

    public static Future<Optional<byte[]>> find(SqlClient sql, Digest artifact) {
        return Sql.one(
                sql,
                "SELECT content FROM inventories WHERE artifact_digest = :artifact",
                Values.of("artifact", artifact.text()),
                row -> row.getBuffer("content").getBytes());
    }

    /** Where workers that hold a copy of the artifact can be asked, in no order. */
    public static Future<List<String>> holders(SqlClient sql, Digest artifact, int limit) {
        return Sql.list(
                sql,
                """
                SELECT grpc_address FROM (
                    SELECT DISTINCT w.grpc_address FROM image_cache c JOIN workers w ON w.id = c.worker_id
                     WHERE c.status = 'ready' AND c.artifact_digest = :artifact AND w.status <> 'lost') holder
                 ORDER BY random() LIMIT :limit
                """,
                Values.of("artifact", artifact.text()).and("limit", limit),
                row -> row.getString("grpc_address"));
    }
}
