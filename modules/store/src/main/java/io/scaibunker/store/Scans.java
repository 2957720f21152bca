package io.scaibunker.store;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.Word;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Table {@code scans}: the last verdict on each image, and the one before while a new one is pending. */
public final class Scans {
    public record Scan(
            ImageId imageId,
            ScanStatus status,
            Optional<String> reason,
            Optional<String> message,
            Optional<String> scanner,
            long generation,
            OffsetDateTime requestedAt,
            Optional<OffsetDateTime> finishedAt,
            Optional<JsonObject> previous) {}

    /** A scan that this process has claimed. */
    public record Claim(ImageId imageId, long generation, JsonObject source) {}

    /**
     * What a scan came to.
     *
     * @param reason why it failed; null otherwise
     */
    public record Verdict(
            ScanStatus status,
            @Nullable String reason,
            @Nullable String message,
            @Nullable String scanner) {}

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
                        UPDATE scans
                           SET previous = CASE WHEN status = 'pending' THEN previous ELSE jsonb_build_object(
                                   'status', status, 'reason', reason, 'message', message, 'scanner', scanner,
                                   'finished_at', finished_at) END,
                               status = 'pending', reason = NULL, message = NULL, claimed_by = NULL,
                               lease_until = NULL, attempts = 0, generation = generation + 1, requested_at = now(),
                               finished_at = NULL
                         WHERE image_id = :image
                        """, Values.of("image", imageId.value())).mapEmpty();
    }

    /** Takes up to {@code limit} pending scans that nobody works on, oldest first, for {@code lease}. */
    public static Future<List<Claim>> claim(SqlClient sql, IncarnationId claimer, Duration lease, int limit) {
        return Sql.list(
                sql,
                """
                UPDATE scans s
                   SET claimed_by = :claimer, lease_until = now() + :lease * interval '1 millisecond',
                       attempts = s.attempts + 1
                  FROM images i
                 WHERE i.id = s.image_id AND s.image_id IN (
                       SELECT p.image_id FROM scans p
                        WHERE p.status = 'pending' AND (p.lease_until IS NULL OR p.lease_until < now())
                        ORDER BY p.requested_at
                        LIMIT :limit
                          FOR UPDATE SKIP LOCKED)
                RETURNING s.image_id, s.generation, i.build_source
                """,
                Values.of("claimer", claimer.value())
                        .and("lease", lease.toMillis())
                        .and("limit", limit),
                row -> new Claim(
                        new ImageId(row.getUUID("image_id")),
                        row.getLong("generation"),
                        row.getJsonObject("build_source")));
    }

    /** @return false if a newer scan was asked for meanwhile */
    public static Future<Boolean> settle(SqlClient sql, Claim claim, Verdict verdict) {
        return Sql.moved(
                sql,
                """
                UPDATE scans
                   SET status = :status, reason = :reason, message = :message, scanner = :scanner,
                       claimed_by = NULL, lease_until = NULL, finished_at = now(), previous = NULL
                 WHERE image_id = :image AND generation = :generation AND status = 'pending'
                """,
                Values.of("image", claim.imageId().value())
                        .and("generation", claim.generation())
                        .and("status", verdict.status().word())
                        .and("reason", verdict.reason())
                        .and("message", verdict.message())
                        .and("scanner", verdict.scanner()));
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
                row.getLong("generation"),
                row.getOffsetDateTime("requested_at"),
                Optional.ofNullable(row.getOffsetDateTime("finished_at")),
                Optional.ofNullable(row.getJsonObject("previous")));
    }
}
