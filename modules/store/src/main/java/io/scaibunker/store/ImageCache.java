package io.scaibunker.store;

import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Table {@code image_cache}: how one image stands on one worker.
 *
 * <p>The generation counts what is <em>wanted</em> of a row: asking again and letting go raise it, a worker's report
 * does not. A report carries the generation it answers and loses against a newer one.
 */
public final class ImageCache {
    /** After so many tries in a row a row waits for a warm. */
    public static final int ATTEMPTS_MAX = 8;

    /** A row as the API shows it. */
    public record CacheRow(
            WorkerId workerId,
            String workerName,
            WorkerStatus workerStatus,
            List<UUID> groups,
            boolean wanted,
            CacheStatus status,
            Optional<CachePhase> phase,
            long generation,
            int attempts,
            Optional<ErrorCode> errorCode,
            Optional<String> errorMessage,
            Optional<Digest> artifactDigest,
            Optional<Long> artifactBytes,
            OffsetDateTime updatedAt) {}

    /**
     * A row as its worker is told it.
     *
     * @param awaited whether somebody waits for it: a caller, or a bunker that was placed before its copy
     */
    public record Wanted(
            ImageId imageId,
            long generation,
            CacheStatus status,
            boolean wanted,
            JsonObject source,
            int sizeMib,
            Optional<Digest> pinned,
            Optional<Digest> artifactDigest,
            boolean awaited) {}

    /**
     * How many copies are ready of those asked for.
     *
     * @param targeted on workers that are not lost
     * @param lost on workers that are, which count for nothing else
     * @param usableAt since when the copy that is ready longest has been; empty if none is
     * @param completeAt since when all targeted have been; empty if not all are, or none is targeted
     */
    public record Readiness(
            int ready, int targeted, int lost, Optional<OffsetDateTime> usableAt, Optional<OffsetDateTime> completeAt) {

        /** Of an image that nobody should hold. */
        public static final Readiness NONE = new Readiness(0, 0, 0, Optional.empty(), Optional.empty());

        static Readiness of(Row row) {
            return new Readiness(
                    row.getInteger("ready"),
                    row.getInteger("targeted"),
                    row.getInteger("lost"),
                    Optional.ofNullable(row.getOffsetDateTime("usable_at")),
                    Optional.ofNullable(row.getOffsetDateTime("complete_at")));
        }
    }

    /** The columns of a {@link Readiness}, over rows {@code c} and their workers {@code w}. */
    static final String READINESS = """
            count(*) FILTER (WHERE w.status <> 'lost' AND c.status = 'ready')::int AS ready,
            count(*) FILTER (WHERE w.status <> 'lost')::int AS targeted,
            count(*) FILTER (WHERE w.status = 'lost')::int AS lost,
            min(c.ready_at) FILTER (WHERE w.status <> 'lost' AND c.status = 'ready') AS usable_at,
            CASE WHEN bool_and(coalesce(c.status = 'ready', false)) FILTER (WHERE w.status <> 'lost')
                 THEN max(c.ready_at) FILTER (WHERE w.status <> 'lost') END AS complete_at
            """;

    private ImageCache() {}

    public static Future<Readiness> readiness(SqlClient sql, ImageId imageId) {
        return Sql.one(sql, "SELECT " + READINESS + """
                                  FROM image_cache c JOIN workers w ON w.id = c.worker_id
                                 WHERE c.image_id = :image AND c.wanted
                                """, Map.of("image", imageId.value()), Readiness::of)
                .map(Optional::orElseThrow);
    }

    /** Of those of {@code images} that somebody should hold. */
    public static Future<Map<ImageId, Readiness>> readiness(SqlClient sql, List<ImageId> images) {
        return Sql.run(
                        sql,
                        "SELECT c.image_id, " + READINESS + """
                                  FROM image_cache c JOIN workers w ON w.id = c.worker_id
                                 WHERE c.image_id = ANY(:images) AND c.wanted GROUP BY c.image_id
                                """,
                        Map.of("images", images.stream().map(ImageId::value).toArray(UUID[]::new)))
                .map(rows -> rows.stream()
                        .collect(Collectors.toUnmodifiableMap(
                                row -> new ImageId(row.getUUID("image_id")), Readiness::of)));
    }

    /** Adds a pending row for each copy of {@code imageId} that the groups ask for and that has none. */
    public static Future<WarmCounts> spread(SqlClient sql, ImageId imageId) {
        return spread(sql, Values.of("image", imageId.value())).compose(done -> count(sql, imageId, Optional.empty()));
    }

    /** The same for all images: what a join, a change of groups or a lost nudge left undone. */
    public static Future<Void> spreadAll(SqlClient sql) {
        return spread(sql, Values.of("image", null)).mapEmpty();
    }

    private static Future<?> spread(SqlClient sql, Values image) {
        return Sql.run(sql, """
                INSERT INTO image_cache AS c (image_id, worker_id)
                SELECT w.image_id, w.worker_id
                  FROM wanted_copies w
                  LEFT JOIN image_cache had ON had.image_id = w.image_id AND had.worker_id = w.worker_id
                 WHERE (:image::uuid IS NULL OR w.image_id = :image) AND (had.image_id IS NULL OR NOT had.wanted)
                 ORDER BY 1, 2
                ON CONFLICT (image_id, worker_id) DO UPDATE
                   SET wanted = true,
                       status = CASE WHEN c.status IN ('evicted', 'failed') THEN 'pending' ELSE c.status END,
                       error_code = NULL, error_message = NULL, next_try_at = NULL,
                       attempts = 0,
                       generation = c.generation + 1,
                       updated_at = now()
                 WHERE NOT c.wanted
                """, image);
    }

    /**
     * Asks again for what failed or was evicted.
     *
     * @param workers only on these; all that are wanted when empty
     */
    public static Future<WarmCounts> askAgain(SqlClient sql, ImageId imageId, Optional<List<WorkerId>> workers) {
        Values values = Values.of("image", imageId.value()).and("workers", uuids(workers));
        return spread(sql, Values.of("image", imageId.value()))
                .compose(spread -> Sql.run(sql, """
                        UPDATE image_cache
                           SET status = 'pending', error_code = NULL, error_message = NULL, attempts = 0,
                               next_try_at = NULL, generation = generation + 1, updated_at = now()
                         WHERE image_id = :image AND wanted AND status IN ('failed', 'evicted')
                           AND (:workers::uuid[] IS NULL OR worker_id = ANY(:workers))
                        """, values))
                .compose(asked -> count(sql, imageId, workers));
    }

    private static Future<WarmCounts> count(SqlClient sql, ImageId imageId, Optional<List<WorkerId>> workers) {
        return Sql.one(
                        sql,
                        """
                        SELECT count(*) FILTER (WHERE w.status <> 'lost' AND c.status IN ('pending', 'building')) AS queued,
                               count(*) FILTER (WHERE w.status <> 'lost' AND c.status = 'ready') AS ready,
                               count(*) FILTER (WHERE w.status <> 'lost' AND c.status = 'failed') AS failed,
                               count(*) FILTER (WHERE w.status = 'lost') AS skipped
                          FROM image_cache c JOIN workers w ON w.id = c.worker_id
                         WHERE c.image_id = :image AND c.wanted
                           AND (:workers::uuid[] IS NULL OR c.worker_id = ANY(:workers))
                        """,
                        Values.of("image", imageId.value()).and("workers", uuids(workers)),
                        row -> new WarmCounts(
                                row.getInteger("queued"),
                                row.getInteger("ready"),
                                row.getInteger("failed"),
                                row.getInteger("skipped")))
                .map(counts -> counts.orElse(WarmCounts.NONE));
    }

    private static UUID @Nullable [] uuids(Optional<List<WorkerId>> workers) {
        return workers.map(some -> some.stream().map(WorkerId::value).toArray(UUID[]::new))
                .orElse(null);
    }

    /**
     * Lets go of what is under way and no group asks for any more, of one image or, without one, of all; what is ready
     * stays until {@link #releaseReady}.
     *
     * @return the workers to tell
     */
    public static Future<List<WorkerId>> cancelUnasked(SqlClient sql, Optional<ImageId> imageId) {
        return Sql.list(
                sql,
                """
                UPDATE image_cache c
                   SET wanted = false,
                       status = CASE WHEN c.status IN ('pending', 'failed') THEN 'evicted' ELSE c.status END,
                       error_code = NULL, error_message = NULL, next_try_at = NULL,
                       generation = c.generation + 1, updated_at = now()
                 WHERE c.wanted AND c.status <> 'ready' AND (:image::uuid IS NULL OR c.image_id = :image)
                   AND NOT EXISTS (SELECT 1 FROM wanted_copies w
                                    WHERE w.image_id = c.image_id AND w.worker_id = c.worker_id)
                RETURNING c.worker_id
                """,
                Values.of("image", imageId.map(ImageId::value).orElse(null)),
                row -> new WorkerId(row.getUUID("worker_id")));
    }

    /**
     * Lets go of ready copies that no group asks for any more and no bunker there was placed to boot from.
     *
     * @return the workers to tell
     */
    public static Future<List<WorkerId>> releaseReady(SqlClient sql) {
        return releaseReady(sql, Optional.empty());
    }

    /** The same, on one worker or, without one, on all. */
    public static Future<List<WorkerId>> releaseReady(SqlClient sql, Optional<WorkerId> workerId) {
        return Sql.list(
                sql,
                """
                UPDATE image_cache c
                   SET wanted = false, generation = c.generation + 1, updated_at = now()
                 WHERE c.wanted AND c.status = 'ready' AND (:worker::uuid IS NULL OR c.worker_id = :worker)
                   AND NOT EXISTS (SELECT 1 FROM wanted_copies w
                                    WHERE w.image_id = c.image_id AND w.worker_id = c.worker_id)
                   AND NOT EXISTS (SELECT 1 FROM bunkers b
                                    WHERE b.image_id = c.image_id AND b.worker_id = c.worker_id AND b.booked)
                RETURNING c.worker_id
                """,
                Values.of("worker", workerId.map(WorkerId::value).orElse(null)),
                row -> new WorkerId(row.getUUID("worker_id")));
    }

    /**
     * Somebody waits for a copy of this image, now and for the next minute.
     *
     * @return the workers that have one to make
     */
    public static Future<List<WorkerId>> hurry(SqlClient sql, ImageId imageId) {
        return Sql.list(sql, """
                UPDATE image_cache SET awaited_until = now() + interval '1 minute'
                 WHERE image_id = :image AND wanted AND status IN ('pending', 'building')
                RETURNING worker_id
                """, Map.of("image", imageId.value()), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /** Failed rows whose pause is over are pending again, and those whose snapshot is there again. */
    public static Future<Void> retryDue(SqlClient sql) {
        return Sql.run(sql, """
                        UPDATE image_cache c
                           SET status = 'pending', error_code = NULL, error_message = NULL, next_try_at = NULL,
                               attempts = CASE WHEN next_try_at <= now() THEN attempts ELSE 0 END, updated_at = now()
                         WHERE status = 'failed' AND wanted AND (next_try_at <= now() OR (error_code = 'WORKER_LOST' AND EXISTS (
                               SELECT 1 FROM images i
                                 JOIN snapshots s ON s.id = i.snapshot_id AND s.status = 'ready'
                                 JOIN workers k ON k.id = s.worker_id AND k.status <> 'lost'
                                WHERE i.id = c.image_id AND s.worker_id <> c.worker_id)))
                        """, Map.of()).mapEmpty();
    }

    /** Workers that live and have something to do: a copy to make or to let go. */
    public static Future<List<WorkerId>> workersToTell(SqlClient sql) {
        return Sql.list(sql, """
                SELECT DISTINCT c.worker_id
                  FROM image_cache c JOIN workers w ON w.id = c.worker_id
                 WHERE w.status <> 'lost'
                   AND ((c.wanted AND c.status = 'pending') OR (NOT c.wanted AND c.status <> 'evicted'))
                """, Map.of(), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /** What a worker should hold or let go, behind {@code after}, in the order of image ids. */
    public static Future<List<Wanted>> wantedOf(SqlClient sql, WorkerId workerId, Optional<ImageId> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT c.image_id, c.generation, c.status, c.wanted, c.artifact_digest,
                       i.build_source, i.size_mib, i.manifest_digest,
                       coalesce(c.awaited_until > now(), false) OR (c.status <> 'ready' AND EXISTS (
                           SELECT 1 FROM bunkers b
                            WHERE b.worker_id = c.worker_id AND b.image_id = c.image_id AND b.booked)) AS awaited
                  FROM image_cache c JOIN images i ON i.id = c.image_id
                 WHERE c.worker_id = :worker AND (c.wanted OR c.status <> 'evicted')
                   AND (:after::uuid IS NULL OR c.image_id > :after)
                 ORDER BY c.image_id
                 LIMIT :limit
                """,
                Values.of("worker", workerId.value())
                        .and("after", after.map(ImageId::value).orElse(null))
                        .and("limit", limit),
                row -> new Wanted(
                        new ImageId(row.getUUID("image_id")),
                        row.getLong("generation"),
                        Word.parse(CacheStatus.class, row.getString("status")),
                        row.getBoolean("wanted"),
                        row.getJsonObject("build_source"),
                        row.getInteger("size_mib"),
                        Optional.ofNullable(row.getString("manifest_digest")).map(Digest::new),
                        Optional.ofNullable(row.getString("artifact_digest")).map(Digest::new),
                        row.getBoolean("awaited")));
    }

    /** The row that a report answers. */
    public record Answered(WorkerId workerId, ImageId imageId, long generation) {
        private Values values() {
            return Values.of("worker", workerId.value())
                    .and("image", imageId.value())
                    .and("generation", generation);
        }
    }

    /**
     * The worker is at it. Another run of the worker taking it up counts as another try.
     *
     * @return false if the row wants something else by now, or has been tried too often
     */
    public static Future<Boolean> building(
            SqlClient sql, Answered row, IncarnationId incarnation, @Nullable CachePhase phase) {
        return Sql.moved(
                sql,
                """
                UPDATE image_cache
                   SET attempts = attempts
                           + CASE WHEN status = 'building' AND incarnation = :incarnation THEN 0 ELSE 1 END,
                       building_since = CASE WHEN status = 'building' AND incarnation = :incarnation
                           THEN building_since ELSE now() END,
                       status = 'building', phase = :phase, incarnation = :incarnation, updated_at = now()
                 WHERE image_id = :image AND worker_id = :worker AND generation = :generation AND wanted
                   AND (status = 'pending' OR status = 'building')
                   AND (attempts < :most OR (status = 'building' AND incarnation = :incarnation))
                """,
                row.values()
                        .and("incarnation", incarnation.value())
                        .and("phase", phase == null ? null : phase.word())
                        .and("most", ATTEMPTS_MAX));
    }

    /**
     * What a row takes to be made.
     *
     * @param pinned the digest of its source; empty until that was asked
     * @param preferred the worker that should bake it rather than others: one of those that want it, with few bakes and an image
     *     of the same repository; the same while the choice is young, then empty
     * @param keeper who alone can bake it, where it is made of a snapshot
     */
    public record ToMake(int sizeMib, Optional<Digest> pinned, Optional<WorkerId> preferred, Optional<Keeper> keeper) {}

    /**
     * The worker that has a snapshot.
     *
     * @param there whether it lives, and has it still
     */
    public record Keeper(WorkerId workerId, boolean there) {}

    /** A row that its worker has to make, at this generation; empty if the row has moved on. */
    public static Future<Optional<ToMake>> toMake(SqlClient sql, Answered row) {
        return Sql.one(
                sql,
                """
                SELECT i.size_mib, i.manifest_digest, preferred.worker_id AS preferred, s.worker_id AS keeper,
                       s.status = 'ready' AND s.wanted AND EXISTS (
                           SELECT 1 FROM workers k WHERE k.id = s.worker_id AND k.status <> 'lost') AS keeper_there
                  FROM image_cache c JOIN images i ON i.id = c.image_id
                  LEFT JOIN snapshots s ON s.id = i.snapshot_id
                  LEFT JOIN LATERAL (
                      SELECT o.worker_id
                        FROM image_cache o JOIN workers w ON w.id = o.worker_id AND w.status = 'ready'
                       WHERE o.image_id = c.image_id AND o.wanted AND o.status IN ('pending', 'building')
                         AND c.created_at > now() - interval '2 seconds'
                       ORDER BY (SELECT count(DISTINCT b.image_id) FROM bakes b WHERE b.worker_id = o.worker_id),
                                NOT EXISTS (SELECT 1 FROM artifacts a JOIN images like_it ON like_it.fingerprint = a.fingerprint
                                             WHERE a.baked_by = o.worker_id AND like_it.tenant_id = i.tenant_id
                                               AND regexp_replace(like_it.build_source->>'ref', '[:@][^/]*$', '')
                                                 = regexp_replace(i.build_source->>'ref', '[:@][^/]*$', '')),
                                o.worker_id
                       LIMIT 1) preferred ON true
                 WHERE c.image_id = :image AND c.worker_id = :worker AND c.generation = :generation AND c.wanted
                   AND c.status IN ('pending', 'building')
                """,
                row.values(),
                found -> new ToMake(
                        found.getInteger("size_mib"),
                        Optional.ofNullable(found.getString("manifest_digest")).map(Digest::new),
                        Optional.ofNullable(found.getUUID("preferred")).map(WorkerId::new),
                        Optional.ofNullable(found.getUUID("keeper"))
                                .map(keeper -> new Keeper(new WorkerId(keeper), found.getBoolean("keeper_there")))));
    }

    /** Where an artifact can be fetched, as {@code host:port}: workers that live and hold it, in no order. */
    public static Future<List<String>> sources(SqlClient sql, Digest artifact, WorkerId except) {
        return Sql.list(
                sql,
                """
                SELECT w.grpc_address
                  FROM workers w
                 WHERE w.status IN ('ready', 'draining') AND w.id <> :except
                   AND EXISTS (SELECT 1 FROM image_cache c
                                WHERE c.worker_id = w.id AND c.status = 'ready' AND c.wanted AND c.artifact_digest = :artifact)
                 ORDER BY random()
                 LIMIT 8
                """,
                Map.of("artifact", artifact.text(), "except", except.value()),
                row -> row.getString("grpc_address"));
    }

    /** Workers that wait for another one's bake of this image, or of another one with the same source. */
    public static Future<List<WorkerId>> waiting(SqlClient sql, ImageId imageId) {
        return Sql.list(sql, """
                SELECT DISTINCT c.worker_id
                  FROM image_cache c JOIN images i ON i.id = c.image_id JOIN images made ON made.id = :image
                 WHERE c.wanted AND c.status = 'building' AND c.phase = 'waiting_for_peer'
                   AND (i.id = made.id OR i.manifest_digest = made.manifest_digest)
                """, Map.of("image", imageId.value()), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /** What one worker found wrong with an image's source is wrong for those that wait for it, too. */
    public static Future<Boolean> failedAlike(SqlClient sql, ImageId imageId, ErrorCode code, String message) {
        return Sql.moved(sql, """
                UPDATE image_cache c
                   SET status = 'failed', phase = NULL, error_code = :code, error_message = :message, updated_at = now()
                  FROM images i
                 WHERE i.id = c.image_id AND c.image_id = :image AND i.build_source->>'kind' IN ('oci', 'snapshot')
                   AND (c.status = 'pending' OR (c.status = 'building' AND c.phase = 'waiting_for_peer')) AND c.wanted
                """, Map.of("image", imageId.value(), "code", code.name(), "message", message));
    }

    /** The worker holds the copy. */
    public static Future<Boolean> ready(SqlClient sql, Answered row, IncarnationId incarnation, Digest artifact) {
        return Sql.moved(
                sql, """
                UPDATE image_cache
                   SET ready_at = CASE WHEN status = 'ready' THEN ready_at ELSE now() END,
                       status = 'ready', phase = NULL, artifact_digest = :artifact, incarnation = :incarnation,
                       error_code = NULL, error_message = NULL, next_try_at = NULL, attempts = 0, updated_at = now()
                 WHERE image_id = :image AND worker_id = :worker AND generation = :generation
                   AND status IN ('pending', 'building', 'ready', 'failed')
                """, row.values().and("incarnation", incarnation.value()).and("artifact", artifact.text()));
    }

    /** The worker could not. It is tried again after a pause that doubles from 5 s to 10 min, where that may help. */
    public static Future<Boolean> failed(SqlClient sql, Answered row, ErrorCode code, String message) {
        return failed(sql, row, code, message, code.worthRetrying(), Duration.ZERO);
    }

    /**
     * The same, where more is known than its code.
     *
     * @param again whether another try may help
     * @param leaveAlone how long it should not be tried; not heeded for more than a day
     */
    public static Future<Boolean> failed(
            SqlClient sql, Answered row, ErrorCode code, String message, boolean again, Duration leaveAlone) {
        return Sql.moved(
                sql,
                """
                UPDATE image_cache
                   SET status = 'failed', phase = NULL, error_code = :code, error_message = :message,
                       artifact_digest = NULL,
                       next_try_at = CASE WHEN :again AND attempts < :most
                           THEN now() + greatest(
                               least(interval '10 minutes', interval '5 seconds' * (2 ^ least(attempts, 10))),
                               least(interval '1 day', interval '1 second' * :alone))
                           END,
                       updated_at = now()
                 WHERE image_id = :image AND worker_id = :worker AND generation = :generation
                   AND status IN ('pending', 'building')
                """,
                row.values()
                        .and("code", code.name())
                        .and("message", message)
                        .and("again", again)
                        .and(
                                "alone",
                                Math.min(
                                        leaveAlone.toSeconds(),
                                        Duration.ofDays(2).toSeconds()))
                        .and("most", ATTEMPTS_MAX));
    }

    /** The worker has not what the row says: it gave the work back, which is then no try that failed, or lost the file. */
    public static Future<Boolean> pendingAgain(SqlClient sql, Answered row) {
        return Sql.moved(sql, """
                UPDATE image_cache
                   SET attempts = CASE WHEN status = 'building' THEN greatest(attempts - 1, 0) ELSE attempts END,
                       status = 'pending', phase = NULL, artifact_digest = NULL, updated_at = now()
                 WHERE image_id = :image AND worker_id = :worker AND generation = :generation AND wanted
                   AND status IN ('building', 'ready')
                """, row.values());
    }

    /** The worker has let the copy go, as it was told. */
    public static Future<Boolean> evicted(SqlClient sql, Answered row) {
        return Sql.moved(sql, """
                UPDATE image_cache
                   SET status = 'evicted', phase = NULL, artifact_digest = NULL, error_code = NULL,
                       error_message = NULL, next_try_at = NULL, updated_at = now()
                 WHERE image_id = :image AND worker_id = :worker AND generation = :generation AND NOT wanted
                   AND status <> 'evicted'
                """, row.values());
    }

    /** Gives up on rows whose worker died over and over while it built them, and on any that were tried too often: nobody takes those up. */
    public static Future<Void> giveUp(SqlClient sql) {
        return Sql.run(sql, """
                        UPDATE image_cache c
                           SET status = 'failed', phase = NULL, error_code = 'WORKER_LOST',
                               error_message = 'the worker stopped ' || c.attempts || ' times while building this',
                               next_try_at = NULL, updated_at = now()
                          FROM workers w
                         WHERE w.id = c.worker_id AND c.wanted AND c.attempts >= :most
                           AND (c.status = 'pending' OR (c.status = 'building' AND c.incarnation <> w.incarnation))
                        """, Map.of("most", ATTEMPTS_MAX)).mapEmpty();
    }

    /** For which tenant this worker bakes this image, at this generation, by the lease it has: only then does it get the tenant's secret. */
    public static Future<Optional<TenantId>> buildsFor(SqlClient sql, Answered row) {
        return Sql.one(sql, """
                SELECT i.tenant_id FROM image_cache c JOIN images i ON i.id = c.image_id
                 WHERE c.image_id = :image AND c.worker_id = :worker AND c.generation = :generation AND c.wanted
                   AND c.status IN ('pending', 'building')
                   AND EXISTS (SELECT 1 FROM bakes b
                                WHERE b.image_id = c.image_id AND b.worker_id = c.worker_id AND b.lease_until > now())
                """, row.values(), found -> new TenantId(found.getUUID("tenant_id")));
    }

    private static final String SHOWN = """
            SELECT c.*, w.name AS worker_name, w.status AS worker_status,
                   (SELECT max(a.allocated_bytes) FROM artifacts a JOIN images i ON i.id = c.image_id
                     WHERE a.digest = c.artifact_digest OR a.fingerprint = i.fingerprint) AS allocated_bytes,
                   ARRAY(SELECT gc.group_id FROM group_covers gc
                           JOIN group_workers gw ON gw.group_id = gc.group_id
                          WHERE gc.image_id = c.image_id AND gw.worker_id = c.worker_id
                          ORDER BY 1) AS groups
              FROM image_cache c
              JOIN workers w ON w.id = c.worker_id
             WHERE c.image_id = :image
            """;

    /** All rows of an image that are wanted, or not yet let go; in the order of the workers' names. */
    public static Future<List<CacheRow>> of(SqlClient sql, ImageId imageId) {
        return Sql.list(sql, SHOWN + "ORDER BY w.name, w.id", Map.of("image", imageId.value()), ImageCache::cacheRow);
    }

    /** The row of one worker. */
    public static Future<Optional<CacheRow>> on(SqlClient sql, ImageId imageId, WorkerId workerId) {
        return Sql.one(
                sql,
                SHOWN + "AND c.worker_id = :worker",
                Map.of("image", imageId.value(), "worker", workerId.value()),
                ImageCache::cacheRow);
    }

    private static CacheRow cacheRow(Row row) {
        return new CacheRow(
                new WorkerId(row.getUUID("worker_id")),
                row.getString("worker_name"),
                Word.parse(WorkerStatus.class, row.getString("worker_status")),
                Arrays.asList(row.getArrayOfUUIDs("groups")),
                row.getBoolean("wanted"),
                Word.parse(CacheStatus.class, row.getString("status")),
                Optional.ofNullable(row.getString("phase")).map(word -> Word.parse(CachePhase.class, word)),
                row.getLong("generation"),
                row.getInteger("attempts"),
                Optional.ofNullable(row.getString("error_code")).map(ErrorCode::valueOf),
                Optional.ofNullable(row.getString("error_message")),
                Optional.ofNullable(row.getString("artifact_digest")).map(Digest::new),
                Optional.ofNullable(row.getLong("allocated_bytes")),
                row.getOffsetDateTime("updated_at"));
    }
}
