package io.scaibunker.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What must be true of the rows when a fleet has come to rest. */
public final class RowCheck {
    private final TestDatabase database;
    private final String missing;

    /** @param missing how the references end that nobody can fetch */
    public RowCheck(TestDatabase database, String missing) {
        this.database = database;
        this.missing = missing;
    }

    /** What was done, by the log of events and the rows. */
    Map<String, Long> done() {
        var done = new TreeMap<String, Long>();
        database.rows("""
                SELECT (SELECT count(*) FROM images) AS images,
                       (SELECT count(*) FROM events WHERE kind = 'cache' AND body->>'status' = 'ready') AS copies_made,
                       (SELECT count(*) FROM events WHERE kind = 'cache' AND body->>'status' = 'evicted') AS copies_let_go,
                       (SELECT count(*) FROM events WHERE kind = 'cache' AND body->>'status' = 'failed') AS failures,
                       (SELECT count(*) FROM image_cache WHERE status = 'ready') AS copies_at_the_end,
                       (SELECT count(*) FROM bunkers) AS bunkers,
                       (SELECT count(*) FROM bunkers WHERE started_at IS NOT NULL) AS bunkers_that_ran
                """).getFirst().forEach((what, count) -> done.put(what, (Long) count));
        return done;
    }

    /** What is not as it must be, each in a line. */
    public List<String> violations() {
        var found = new ArrayList<String>();
        told(found, "a worker is not there", "SELECT name, status FROM workers WHERE status <> 'ready'");
        told(found, "a worker is there twice", "SELECT name, count(*) FROM workers GROUP BY name HAVING count(*) > 1");
        told(found, "a copy is not as it is wanted", COPIES.formatted(missing));
        told(found, "an image has two artifacts", """
                SELECT subject, count(DISTINCT body->>'artifact_digest') AS artifacts FROM events
                 WHERE kind = 'cache' AND body->>'artifact_digest' IS NOT NULL
                 GROUP BY subject HAVING count(DISTINCT body->>'artifact_digest') > 1
                """);
        told(found, "one source has two artifacts", """
                SELECT source_digest, size_bytes, count(DISTINCT digest) FROM artifacts
                 GROUP BY 1, 2 HAVING count(DISTINCT digest) > 1
                """);
        told(found, "a copy is not its image's artifact", """
                SELECT i.name, c.artifact_digest, a.digest
                  FROM image_cache c JOIN images i ON i.id = c.image_id
                  LEFT JOIN artifacts a ON a.fingerprint = i.fingerprint
                 WHERE c.status = 'ready' AND c.artifact_digest IS DISTINCT FROM a.digest
                """);
        told(found, "a bake goes on", "SELECT key, image_id, worker_id, lease_until < now() AS over FROM bakes");
        told(found, "booked room is not that of the bunkers", BOOKINGS);
        told(found, "a bunker is on its way", """
                SELECT name, status, intent FROM bunkers
                 WHERE status NOT IN ('running', 'terminated', 'failed') OR (status = 'running' AND intent = 'end')
                """);
        told(found, "a scan is not made", """
                SELECT i.name, s.attempts FROM scans s JOIN images i ON i.id = s.image_id
                 WHERE i.status = 'active' AND s.status = 'pending' AND i.fingerprint IS NOT NULL
                """);
        told(found, "a mistake of ours", """
                SELECT DISTINCT body->'error'->>'message' AS message FROM events WHERE body->'error'->>'code' = 'INTERNAL'
                """);
        return found;
    }

    /**
     * Copies that nobody's help should be needed for and that are neither ready nor tried again by themselves: others' failures say
     * that they wait, for a warm or for a worker.
     */
    List<String> stuck() {
        var found = new ArrayList<String>();
        told(found, "a copy is stuck", STUCK.formatted(missing));
        return found;
    }

    private static final String STUCK = """
            SELECT i.name AS image, w.name AS worker, c.wanted, c.status, c.phase, c.attempts, c.error_code, c.error_message
              FROM wanted_copies wc
              LEFT JOIN image_cache c ON wc.image_id = c.image_id AND wc.worker_id = c.worker_id
              JOIN images i ON i.id = wc.image_id
              JOIN workers w ON w.id = wc.worker_id
             WHERE NOT coalesce(c.wanted AND (c.status = 'ready' OR (c.status = 'failed' AND (
                   i.build_source->>'ref' LIKE '%%%s' OR c.next_try_at IS NOT NULL OR c.attempts >= 8
                   OR c.error_code = 'WORKER_LOST'))), false)
            """;

    /** A copy that is asked for is ready, or has failed where nobody can make it; any other is gone, unless a bunker runs from it. */
    private static final String COPIES = """
            SELECT i.name AS image, w.name AS worker, wc.image_id IS NOT NULL AS asked, c.wanted, c.status, c.phase,
                   c.attempts, c.error_code
              FROM image_cache c
              FULL JOIN wanted_copies wc ON wc.image_id = c.image_id AND wc.worker_id = c.worker_id
              JOIN images i ON i.id = coalesce(c.image_id, wc.image_id)
              JOIN workers w ON w.id = coalesce(c.worker_id, wc.worker_id)
             WHERE NOT coalesce(CASE
                   WHEN wc.image_id IS NOT NULL
                       THEN c.wanted AND (c.status = 'ready' OR (c.status = 'failed' AND i.build_source->>'ref' LIKE '%%%s'))
                   ELSE (NOT c.wanted AND c.status = 'evicted')
                       OR EXISTS (SELECT 1 FROM bunkers b
                                   WHERE b.image_id = c.image_id AND b.worker_id = c.worker_id AND b.booked) END, false)
            """;

    private static final String BOOKINGS = """
            SELECT w.name, w.allocated_cpu_millicores, w.allocated_memory_mb, w.allocated_disk_mb, count(b.id) AS bunkers
              FROM workers w LEFT JOIN bunkers b ON b.worker_id = w.id AND b.booked
             GROUP BY w.id
            HAVING (w.allocated_cpu_millicores, w.allocated_memory_mb, w.allocated_disk_mb)
                IS DISTINCT FROM (coalesce(sum(b.cpu_millicores), 0), coalesce(sum(b.memory_mb), 0), coalesce(sum(b.disk_mb), 0))
            """;

    private void told(List<String> found, String what, String query) {
        database.rows(query).forEach(row -> found.add(what + ": " + row));
    }
}
