package io.scaibunker.store;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Map;

/**
 * Table {@code bakes}: leases on reading a source, so that one worker of the fleet does it. A lease ends with its time, and
 * with the run of the worker that holds it.
 */
public final class Bakes {
    /** Who asks for a lease, for which image. */
    public record Holder(WorkerId workerId, IncarnationId incarnation, ImageId imageId) {}

    private Bakes() {}

    /** Takes or renews the lease of a key. False while somebody else has it. */
    public static Future<Boolean> acquire(SqlClient sql, String key, Holder holder, Duration lease) {
        return Sql.moved(
                sql,
                """
                INSERT INTO bakes AS b (key, image_id, worker_id, incarnation, lease_until)
                VALUES (:key, :image, :worker, :incarnation, now() + :lease * interval '1 millisecond')
                ON CONFLICT (key) DO UPDATE
                   SET image_id = excluded.image_id, worker_id = excluded.worker_id,
                       incarnation = excluded.incarnation, lease_until = excluded.lease_until
                 WHERE b.worker_id = excluded.worker_id OR b.lease_until < now()
                    OR NOT EXISTS (SELECT 1 FROM workers w
                                    WHERE w.id = b.worker_id AND w.incarnation = b.incarnation AND w.status <> 'lost')
                """,
                Values.of("key", key)
                        .and("image", holder.imageId().value())
                        .and("worker", holder.workerId().value())
                        .and("incarnation", holder.incarnation().value())
                        .and("lease", lease.toMillis()));
    }

    /** The bake goes on. */
    public static Future<Boolean> renew(SqlClient sql, WorkerId workerId, ImageId imageId, Duration lease) {
        return Sql.moved(
                sql, """
                UPDATE bakes SET lease_until = now() + :lease * interval '1 millisecond'
                 WHERE worker_id = :worker AND image_id = :image
                """, Map.of("worker", workerId.value(), "image", imageId.value(), "lease", lease.toMillis()));
    }

    /** Forgets leases whose time is over and whose holder is not at it any more. */
    public static Future<Void> forgetExpired(SqlClient sql) {
        return Sql.run(sql, """
                        DELETE FROM bakes b
                         WHERE lease_until < now()
                           AND NOT EXISTS (SELECT 1 FROM image_cache c
                                            WHERE c.image_id = b.image_id AND c.worker_id = b.worker_id AND c.wanted
                                              AND c.status = 'building' AND c.phase <> 'waiting_for_peer')
                        """, Map.of()).mapEmpty();
    }

    /** The bake has ended, however. False if there was none. */
    public static Future<Boolean> release(SqlClient sql, WorkerId workerId, ImageId imageId) {
        return Sql.moved(
                sql,
                "DELETE FROM bakes WHERE worker_id = :worker AND image_id = :image",
                Map.of("worker", workerId.value(), "image", imageId.value()));
    }
}
