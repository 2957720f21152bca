package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.Word;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Table {@code scans}: the last verdict on each image, and the one before while a new one is pending. */
public final class Scans {
    public record Scan(
            ImageId imageId,
            ScanStatus status,
            Optional<String> reason,
            Optional<String> message,
            Optional<String> scanner,
            Optional<Digest> artifact,
            Optional<JsonObject> report,
            long generation,
            OffsetDateTime requestedAt,
            Optional<OffsetDateTime> finishedAt,
            Optional<JsonObject> previous) {}

    /**
     * A scan that this process has claimed.
     *
     * @param attempts how often it was claimed since it was asked for
     * @param artifact what the image was baked to; empty if it was not
     * @param bakeError why it was not, where a bake has failed
     */
    public record Claim(
            ImageId imageId,
            long generation,
            int attempts,
            boolean retired,
            Optional<Digest> artifact,
            Optional<BakeError> bakeError) {}

    public record BakeError(String code, String message) {}

    /**
     * What a scan came to.
     *
     * @param reason why it failed; null otherwise
     * @param ground what it rests on; null where nothing was looked at
     * @param again when to try again, where the scanner failed and may do better then
     */
    public record Verdict(
            ScanStatus status,
            @Nullable String reason,
            @Nullable String message,
            @Nullable String scanner,
            @Nullable Ground ground,
            @Nullable Duration again) {}

    /**
     * What a verdict rests on.
     *
     * @param basis by what it was judged
     * @param report database, coverage and counts, in the API's words
     * @param digest of verdict, coverage and findings
     */
    public record Ground(String basis, JsonObject report, String digest) {}

    /** A verdict by an older basis, with the inventory to judge again. */
    public record Outdated(
            ImageId imageId, long generation, Digest artifact, Optional<String> reportDigest, byte[] inventory) {}

    /** Of a scan that is not pending, what is shown while a new one is. */
    private static final String PREVIOUS = """
            CASE WHEN s.status = 'pending' THEN s.previous ELSE jsonb_build_object(
                'status', s.status, 'reason', s.reason, 'message', s.message, 'scanner', s.scanner,
                'counts', s.report -> 'counts', 'database', s.report -> 'database', 'finished_at', s.finished_at) END
            """;

    private Scans() {}

    /** A first scan is pending for a new image. */
    public static Future<Void> await(SqlClient sql, ImageId imageId) {
        return Sql.run(
                        sql,
                        "INSERT INTO scans (image_id) VALUES (:image) ON CONFLICT DO NOTHING",
                        Values.of("image", imageId.value()))
                .mapEmpty();
    }

    /** Wants a new verdict; one being worked on is void. */
    public static Future<Void> askAgain(SqlClient sql, ImageId imageId) {
        return Sql.run(sql, """
                        UPDATE scans s
                           SET previous =
                        """ + PREVIOUS + """
                             , status = 'pending', reason = NULL, message = NULL, claimed_by = NULL,
                               lease_until = NULL, attempts = 0, next_try_at = NULL, generation = generation + 1,
                               requested_at = now(), finished_at = NULL
                         WHERE image_id = :image
                        """, Values.of("image", imageId.value()))
                .mapEmpty();
    }

    /**
     * Takes up to {@code limit} scans that are due and that nobody works on, oldest first, for {@code lease}: those that are
     * pending and whose image has been baked, or will not be for now; those that failed and are to be tried again; and those
     * whose image was baked, or baked anew, since.
     */
    public static Future<List<Claim>> claim(SqlClient sql, IncarnationId claimer, Duration lease, int limit) {
        return Sql.list(
                sql,
                """
                WITH due AS (
                    SELECT s.image_id, i.status = 'deactivated' AS retired, a.digest,
                           s.status <> 'pending' AND s.next_try_at IS NULL AS anew
                      FROM scans s
                      JOIN images i ON i.id = s.image_id
                      LEFT JOIN artifacts a ON a.fingerprint = i.fingerprint
                     WHERE (s.status = 'pending' AND (s.lease_until IS NULL OR s.lease_until < now())
                            AND (a.digest IS NOT NULL OR i.status = 'deactivated' OR NOT EXISTS (
                                SELECT 1 FROM image_cache c JOIN workers w ON w.id = c.worker_id
                                 WHERE c.image_id = s.image_id AND c.wanted AND w.status <> 'lost'
                                   AND (c.status IN ('pending', 'building') OR c.next_try_at IS NOT NULL))))
                        OR (s.status = 'failed' AND s.next_try_at <= now())
                        OR (s.status <> 'pending' AND a.digest <> coalesce(s.artifact_digest, ''))
                     ORDER BY s.requested_at
                     LIMIT :limit
                       FOR UPDATE OF s SKIP LOCKED)
                UPDATE scans s
                   SET previous =
                """ + PREVIOUS + """
                     , status = 'pending', reason = NULL, message = NULL, next_try_at = NULL, finished_at = NULL,
                       claimed_by = :claimer, lease_until = now() + :lease * interval '1 millisecond',
                       attempts = CASE WHEN due.anew THEN 1 ELSE s.attempts + 1 END
                  FROM due
                  LEFT JOIN LATERAL (
                       SELECT c.error_code, c.error_message FROM image_cache c
                        WHERE c.image_id = due.image_id AND c.status = 'failed'
                        ORDER BY c.updated_at DESC LIMIT 1) bake ON true
                 WHERE s.image_id = due.image_id
                RETURNING s.image_id, s.generation, s.attempts, due.retired, due.digest,
                          bake.error_code, bake.error_message
                """,
                Values.of("claimer", claimer.value())
                        .and("lease", lease.toMillis())
                        .and("limit", limit),
                row -> new Claim(
                        new ImageId(row.getUUID("image_id")),
                        row.getLong("generation"),
                        row.getInteger("attempts"),
                        row.getBoolean("retired"),
                        digest(row, "digest"),
                        Optional.ofNullable(row.getString("error_code"))
                                .map(code -> new BakeError(code, row.getString("error_message")))));
    }

    /** @return false if a newer scan was asked for meanwhile */
    public static Future<Boolean> settle(SqlClient sql, Claim claim, Verdict verdict) {
        return Sql.moved(
                sql,
                """
                UPDATE scans
                   SET status = :status, reason = :reason, message = :message, scanner = :scanner,
                       artifact_digest = :artifact, basis = :basis, report = :report, report_digest = :digest,
                       next_try_at = now() + :again::bigint * interval '1 millisecond',
                       claimed_by = NULL, lease_until = NULL, finished_at = now(), previous = NULL
                 WHERE image_id = :image AND generation = :generation AND status = 'pending'
                """,
                values(verdict)
                        .and("image", claim.imageId().value())
                        .and("generation", claim.generation())
                        .and("artifact", claim.artifact().map(Digest::text).orElse(null)));
    }

    private static Values values(Verdict verdict) {
        Ground ground = verdict.ground();
        Duration again = verdict.again();
        return Values.of("status", verdict.status().word())
                .and("reason", verdict.reason())
                .and("message", verdict.message())
                .and("scanner", verdict.scanner())
                .and("report", ground == null ? null : ground.report())
                .and("digest", ground == null ? null : ground.digest())
                .and("basis", ground == null ? null : ground.basis())
                .and("again", again == null ? null : again.toMillis());
    }

    /** Verdicts by another basis than this one, behind a place in the order of artifacts and images. */
    public static Future<List<Outdated>> outdated(SqlClient sql, String basis, Optional<Outdated> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT s.image_id, s.generation, s.artifact_digest, s.report_digest, v.content
                  FROM scans s JOIN inventories v ON v.artifact_digest = s.artifact_digest
                 WHERE s.status <> 'pending' AND s.basis IS DISTINCT FROM :basis
                   AND (:digest::text IS NULL OR (s.artifact_digest, s.image_id) > (:digest, :image::uuid))
                 ORDER BY s.artifact_digest, s.image_id
                 LIMIT :limit
                """,
                Values.of("basis", basis)
                        .and("digest", after.map(last -> last.artifact().text()).orElse(null))
                        .and("image", after.map(last -> last.imageId().value()).orElse(null))
                        .and("limit", limit),
                row -> new Outdated(
                        new ImageId(row.getUUID("image_id")),
                        row.getLong("generation"),
                        new Digest(row.getString("artifact_digest")),
                        Optional.ofNullable(row.getString("report_digest")),
                        row.getBuffer("content").getBytes()));
    }

    /** The same verdicts as before, by a newer basis. @param database what is known by now */
    public static Future<Void> confirm(SqlClient sql, List<ImageId> images, String basis, JsonArray database) {
        return Sql.run(
                        sql,
                        """
                        UPDATE scans
                           SET basis = :basis, report = jsonb_set(report, '{database}', :database), finished_at = now()
                         WHERE image_id = ANY(:images) AND status <> 'pending'
                        """,
                        Values.of("basis", basis)
                                .and("database", database)
                                .and(
                                        "images",
                                        images.stream().map(ImageId::value).toArray(UUID[]::new)))
                .mapEmpty();
    }

    /** Another verdict than before, which nobody asked for. @return false if one was asked for, or made, meanwhile */
    public static Future<Boolean> amend(SqlClient sql, Outdated old, Verdict verdict) {
        return Sql.moved(
                sql,
                """
                UPDATE scans
                   SET status = :status, reason = :reason, message = :message, scanner = :scanner,
                       basis = :basis, report = :report, report_digest = :digest,
                       next_try_at = now() + :again::bigint * interval '1 millisecond', finished_at = now()
                 WHERE image_id = :image AND generation = :generation AND status <> 'pending'
                   AND artifact_digest = :artifact
                """,
                values(verdict)
                        .and("image", old.imageId().value())
                        .and("generation", old.generation())
                        .and("artifact", old.artifact().text()));
    }

    /** Whether this process is the one that holds all verdicts against its own basis, for {@code lease} from now. */
    public static Future<Boolean> lead(SqlClient sql, IncarnationId claimer, Duration lease) {
        return Sql.moved(sql, """
                INSERT INTO rematches AS r (claimed_by, lease_until)
                VALUES (:claimer, now() + :lease * interval '1 millisecond')
                ON CONFLICT (one) DO UPDATE SET claimed_by = excluded.claimed_by, lease_until = excluded.lease_until
                 WHERE r.claimed_by = excluded.claimed_by OR r.lease_until < now()
                """, Values.of("claimer", claimer.value()).and("lease", lease.toMillis()));
    }

    public static Future<Boolean> giveUpLead(SqlClient sql, IncarnationId claimer) {
        return Sql.moved(
                sql, "DELETE FROM rematches WHERE claimed_by = :claimer", Values.of("claimer", claimer.value()));
    }

    public static Future<Optional<Scan>> find(SqlClient sql, ImageId imageId) {
        return Sql.one(
                sql, "SELECT * FROM scans WHERE image_id = :image", Values.of("image", imageId.value()), Scans::scan);
    }

    private static Scan scan(Row row) {
        return new Scan(
                new ImageId(row.getUUID("image_id")),
                Word.parse(ScanStatus.class, row.getString("status")),
                Optional.ofNullable(row.getString("reason")),
                Optional.ofNullable(row.getString("message")),
                Optional.ofNullable(row.getString("scanner")),
                digest(row, "artifact_digest"),
                Optional.ofNullable(row.getJsonObject("report")),
                row.getLong("generation"),
                row.getOffsetDateTime("requested_at"),
                Optional.ofNullable(row.getOffsetDateTime("finished_at")),
                Optional.ofNullable(row.getJsonObject("previous")));
    }

    private static Optional<Digest> digest(Row row, String column) {
        return Optional.ofNullable(row.getString(column)).map(Digest::new);
    }
}
