package io.scaibunker.store;

import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How far all copies are from what the groups ask for: the fleet, at a glance. Reads only. */
public final class Convergence {
    /** How many copies stand how; those of workers that are lost count as that alone. */
    public record Tally(String status, int copies, int leaving) {}

    /** A copy that is being made. */
    public record UnderWay(
            ImageId imageId,
            String imageName,
            WorkerId workerId,
            String workerName,
            Optional<CachePhase> phase,
            long generation,
            OffsetDateTime since) {}

    /** Copies that could not be made, by why; one of the messages stands for all. */
    public record Trouble(String code, int copies, String message) {}

    /** Copies that nothing wants on a worker any more, and that it has not let go yet. */
    public record Leaving(WorkerId workerId, String workerName, int copies) {}

    /** Workers of one state, and what they hold. */
    public record Standing(
            String status, int workers, long cacheBytes, long cpu, long cpuTaken, long memory, long memoryTaken) {}

    private static final String OF_SEEN = """
              FROM image_cache c JOIN workers w ON w.id = c.worker_id JOIN images i ON i.id = c.image_id
             WHERE
            """ + Images.SEEN;

    /** What was let go stays as a row that says so. */
    private static final String LEAVING = "NOT c.wanted AND c.status <> 'evicted'";

    /** How many there are of something in one state. */
    public record Count(String of, String status, long count) {}

    private Convergence() {}

    /** Of {@code copies}, {@code scans} of active images, {@code workers} and {@code bunkers} that have not ended: all there are, by state. */
    public static Future<List<Count>> counts(SqlClient sql) {
        return Sql.list(
                sql,
                """
                SELECT 'copies' AS kind, CASE WHEN w.status = 'lost' THEN 'lost' ELSE c.status END AS standing, count(*) AS n
                  FROM image_cache c JOIN workers w ON w.id = c.worker_id GROUP BY 2
                UNION ALL SELECT 'scans', s.status, count(*)
                  FROM scans s JOIN images i ON i.id = s.image_id WHERE i.status = 'active' GROUP BY 2
                UNION ALL SELECT 'workers', status, count(*) FROM workers GROUP BY 2
                UNION ALL SELECT 'bunkers', status, count(*) FROM bunkers WHERE booked GROUP BY 2
                """,
                Map.of(),
                row -> new Count(row.getString("kind"), row.getString("standing"), row.getLong("n")));
    }

    public static Future<List<Tally>> tally(SqlClient sql, Viewer viewer) {
        return Sql.list(
                sql,
                "SELECT CASE WHEN w.status = 'lost' THEN 'lost' ELSE c.status END AS standing, count(*)::int AS copies,"
                        + " (count(*) FILTER (WHERE " + LEAVING + "))::int AS leaving " + OF_SEEN + " GROUP BY 1",
                viewer.values(),
                row -> new Tally(row.getString("standing"), row.getInteger("copies"), row.getInteger("leaving")));
    }

    /** Those that are longest under way first. */
    public static Future<List<UnderWay>> underWay(SqlClient sql, Viewer viewer, int limit) {
        return Sql.list(
                sql,
                "SELECT c.image_id, i.name AS image_name, c.worker_id, w.name AS worker_name, c.phase, c.generation,"
                        + " coalesce(c.building_since, c.updated_at) AS since "
                        + OF_SEEN
                        + " AND c.status = 'building' AND w.status <> 'lost' ORDER BY since LIMIT :limit",
                viewer.values().and("limit", limit),
                Convergence::underWay);
    }

    private static UnderWay underWay(Row row) {
        return new UnderWay(
                new ImageId(row.getUUID("image_id")),
                row.getString("image_name"),
                new WorkerId(row.getUUID("worker_id")),
                row.getString("worker_name"),
                Optional.ofNullable(row.getString("phase")).map(word -> Word.parse(CachePhase.class, word)),
                row.getLong("generation"),
                row.getOffsetDateTime("since"));
    }

    /** The most frequent first. */
    public static Future<List<Trouble>> troubles(SqlClient sql, Viewer viewer, int limit) {
        return Sql.list(
                sql,
                "SELECT c.error_code, count(*)::int AS copies, coalesce(min(c.error_message), '') AS message " + OF_SEEN
                        + " AND c.status = 'failed' AND w.status <> 'lost' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit",
                viewer.values().and("limit", limit),
                row -> new Trouble(row.getString("error_code"), row.getInteger("copies"), row.getString("message")));
    }

    /** Workers whose copies are to go, those with most of them first. */
    public static Future<List<Leaving>> leaving(SqlClient sql, Viewer viewer, int limit) {
        return Sql.list(
                sql,
                "SELECT c.worker_id, w.name AS worker_name, count(*)::int AS copies " + OF_SEEN + " AND " + LEAVING
                        + " GROUP BY 1, 2 ORDER BY 3 DESC, 2, 1 LIMIT :limit",
                viewer.values().and("limit", limit),
                row -> new Leaving(
                        new WorkerId(row.getUUID("worker_id")),
                        row.getString("worker_name"),
                        row.getInteger("copies")));
    }

    public static Future<List<Standing>> workers(SqlClient sql) {
        return Sql.list(
                sql,
                """
                SELECT status, count(*)::int AS workers, sum(cache_bytes)::bigint AS cache_bytes,
                       sum(cpu_millicores)::bigint AS cpu, sum(allocated_cpu_millicores)::bigint AS cpu_taken,
                       sum(memory_mb)::bigint AS memory, sum(allocated_memory_mb)::bigint AS memory_taken
                  FROM workers GROUP BY status
                """,
                Map.of(),
                row -> new Standing(
                        row.getString("status"),
                        row.getInteger("workers"),
                        row.getLong("cache_bytes"),
                        row.getLong("cpu"),
                        row.getLong("cpu_taken"),
                        row.getLong("memory"),
                        row.getLong("memory_taken")));
    }
}
