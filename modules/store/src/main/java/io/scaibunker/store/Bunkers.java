package io.scaibunker.store;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
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
import org.jspecify.annotations.Nullable;

/**
 * Table {@code bunkers}, once they are placed ({@link Bookings}). The statement that ends a bunker gives its room back: a
 * trigger counts it.
 */
public final class Bunkers {
    public record Bunker(
            BunkerId id,
            TenantId tenantId,
            UserId userId,
            String name,
            ImageId imageId,
            String imageName,
            WorkerId workerId,
            BunkerIntent intent,
            BunkerStatus status,
            long generation,
            Room room,
            JsonObject wish,
            JsonObject placement,
            Optional<ErrorCode> failureCode,
            Optional<String> failureMessage,
            OffsetDateTime createdAt,
            Optional<OffsetDateTime> startedAt,
            Optional<OffsetDateTime> endedAt,
            Life life) {}

    /**
     * What became of a bunker's time.
     *
     * @param endedReason told as soon as it is decided
     * @param boot what the phases of the last boot have cost, in milliseconds
     */
    public record Life(
            Optional<OffsetDateTime> expiresAt,
            Optional<OffsetDateTime> idleSince,
            Optional<EndReason> endedReason,
            Optional<JsonObject> boot,
            int restarts) {}

    /**
     * How a worker sees a bunker that lives.
     *
     * @param reason why it ends, where its worker decided that
     */
    public record Sight(
            BunkerStatus status,
            IncarnationId incarnation,
            Optional<EndReason> reason,
            Optional<OffsetDateTime> idleSince,
            Optional<JsonObject> boot) {
        public static Sight of(BunkerStatus status, IncarnationId incarnation) {
            return new Sight(status, incarnation, Optional.empty(), Optional.empty(), Optional.empty());
        }
    }

    /** A bunker as its worker is told it. */
    public record Wanted(
            BunkerId id,
            long generation,
            BunkerIntent intent,
            BunkerStatus status,
            ImageId imageId,
            Optional<Digest> artifactDigest,
            String name,
            Room room,
            JsonObject wish,
            Optional<IncarnationId> incarnation,
            Optional<OffsetDateTime> idleSince) {}

    /** Which bunkers a list shows: those of a tenant or partner, of one user, in a status, from an image. */
    public record Filter(
            Optional<UUID> tenantId,
            Optional<UUID> partnerId,
            Optional<UUID> userId,
            Optional<String> status,
            Optional<UUID> imageId,
            Optional<String> lifecycle) {}

    private static final String SHOWN =
            "SELECT b.*, i.name AS image_name FROM bunkers b JOIN images i ON i.id = b.image_id ";

    private Bunkers() {}

    /** Wants a bunker ended. Asking twice is asking once; an ended bunker stays as it is. */
    public static Future<Boolean> askEnd(SqlClient sql, BunkerId id) {
        return Sql.moved(sql, """
                UPDATE bunkers SET intent = 'end', ended_reason = coalesce(ended_reason, 'deleted'),
                       generation = generation + 1, updated_at = now()
                 WHERE id = :id AND intent <> 'end' AND booked
                """, Values.of("id", id.value()));
    }

    /** Wants a bunker that runs paused, or one that is paused to go on. False if it does not run or wants that already. */
    public static Future<Boolean> askPause(SqlClient sql, BunkerId id, boolean pause) {
        return Sql.moved(
                sql,
                """
                UPDATE bunkers SET intent = :intent, generation = generation + 1, updated_at = now()
                 WHERE id = :id AND intent NOT IN ('end', :intent) AND status IN ('running', 'paused')
                """,
                Values.of("id", id.value()).and("intent", (pause ? BunkerIntent.PAUSE : BunkerIntent.RUN).word()));
    }

    /** Wants those ended that have lived as long as they were to live, by the database's clock. */
    public static Future<List<WorkerId>> askEndOfExpired(SqlClient sql) {
        return Sql.list(sql, """
                UPDATE bunkers SET intent = 'end', ended_reason = coalesce(ended_reason, 'lifetime'),
                       generation = generation + 1, updated_at = now()
                 WHERE expires_at <= now() AND intent <> 'end' AND booked
                RETURNING worker_id
                """, Map.of(), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /**
     * Wants the bunkers ended that still run where the deadline of a drain has passed.
     *
     * @return how many were not asked to end before
     */
    public static Future<Integer> askEndOfDrained(SqlClient sql) {
        return Sql.run(sql, """
                        UPDATE bunkers b SET intent = 'end', ended_reason = coalesce(b.ended_reason, 'drained'),
                               generation = b.generation + 1, updated_at = now()
                          FROM workers w
                         WHERE w.id = b.worker_id AND w.drain_until <= now() AND b.intent <> 'end' AND b.booked
                        """, Map.of()).map(rows -> rows.rowCount());
    }

    /**
     * Moves a bunker to where its worker sees it, while it lives.
     *
     * @return false if the bunker is not this worker's, is ended, or cannot get there from where it is
     */
    public static Future<Boolean> move(SqlClient sql, WorkerId workerId, BunkerId id, Sight seen) {
        return Sql.moved(
                sql,
                """
                UPDATE bunkers
                   SET status = :to, incarnation = :incarnation, updated_at = now(),
                       started_at = CASE WHEN :to = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
                       expires_at = CASE WHEN :to <> 'running' THEN expires_at ELSE coalesce(expires_at,
                           now() + nullif((wish->>'max_lifetime_s')::int, 0) * interval '1 second') END,
                       restarts = restarts
                           + (:to = 'provisioning' AND status <> 'provisioning' AND started_at IS NOT NULL)::int,
                       ended_reason = coalesce(ended_reason, :reason),
                       idle_since = :idle_since, boot = coalesce(:boot, boot)
                 WHERE id = :id AND worker_id = :worker AND booked AND status = ANY(:from)
                """,
                Values.of("id", id.value())
                        .and("worker", workerId.value())
                        .and("incarnation", seen.incarnation().value())
                        .and("to", seen.status().word())
                        .and("from", whence(seen.status()))
                        .and("reason", seen.reason().map(EndReason::word).orElse(null))
                        .and("idle_since", seen.idleSince().orElse(null))
                        .and("boot", seen.boot().orElse(null)));
    }

    /** Ends a bunker well and gives its room back; {@code reason} where none was told before. */
    public static Future<Boolean> end(SqlClient sql, WorkerId workerId, BunkerId id, EndReason reason) {
        return end(sql, workerId, id, reason, null, null);
    }

    /** Ends a bunker that failed and gives its room back. */
    public static Future<Boolean> fail(
            SqlClient sql, WorkerId workerId, BunkerId id, ErrorCode failure, String message) {
        return end(sql, workerId, id, EndReason.FAILED, failure, message);
    }

    private static Future<Boolean> end(
            SqlClient sql,
            WorkerId workerId,
            BunkerId id,
            EndReason reason,
            @Nullable ErrorCode failure,
            @Nullable String message) {
        return ended(
                        sql,
                        "b.id = :id AND b.worker_id = :worker",
                        Values.of("id", id.value()).and("worker", workerId.value()),
                        reason,
                        failure,
                        message)
                .map(count -> count > 0);
    }

    /**
     * Ends the bunkers of workers that have been silent for {@code silence}, by the database's clock. A persistent one waits
     * for its disk, unless its end is asked for.
     */
    public static Future<Integer> failOfLost(SqlClient sql, Duration silence) {
        return ended(
                sql,
                """
                (b.wish->>'lifecycle_mode' IS DISTINCT FROM 'persistent' OR b.intent = 'end')
                AND EXISTS (SELECT 1 FROM workers w WHERE w.id = b.worker_id AND w.status = 'lost'
                                AND w.last_heartbeat < now() - :silence * interval '1 millisecond')
                """,
                Values.of("silence", silence.toMillis()),
                EndReason.FAILED,
                ErrorCode.WORKER_LOST,
                "its worker was not heard any more");
    }

    private static Future<Integer> ended(
            SqlClient sql,
            String which,
            Values values,
            EndReason reason,
            @Nullable ErrorCode failure,
            @Nullable String message) {
        return Sql.one(
                        sql,
                        """
                        WITH ended AS (
                            UPDATE bunkers b
                               SET status = CASE WHEN :code::text IS NULL THEN 'terminated' ELSE 'failed' END,
                                   failure_code = :code, failure_message = :message,
                                   ended_reason = coalesce(ended_reason, :reason), idle_since = NULL,
                                   booked = false, ended_at = now(), updated_at = now()
                             WHERE b.booked AND (%s)
                            RETURNING b.id)
                        SELECT count(*)::int AS ended FROM ended
                        """.formatted(which),
                        values.and("code", failure == null ? null : failure.name())
                                .and("reason", reason.word())
                                .and("message", message),
                        row -> row.getInteger("ended"))
                .map(count -> count.orElse(0));
    }

    private static String[] whence(BunkerStatus to) {
        return Arrays.stream(BunkerStatus.values())
                .filter(from -> from == to || from.next().contains(to))
                .map(BunkerStatus::word)
                .toArray(String[]::new);
    }

    /** What a worker should run or end, behind {@code after}, in the order of ids. */
    public static Future<List<Wanted>> wantedOf(SqlClient sql, WorkerId workerId, Optional<BunkerId> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT b.*, c.artifact_digest
                  FROM bunkers b
                  LEFT JOIN image_cache c ON c.image_id = b.image_id AND c.worker_id = b.worker_id
                 WHERE b.worker_id = :worker AND b.booked AND (:after::uuid IS NULL OR b.id > :after)
                 ORDER BY b.id LIMIT :limit
                """,
                Values.of("worker", workerId.value())
                        .and("after", after.map(BunkerId::value).orElse(null))
                        .and("limit", limit),
                row -> new Wanted(
                        new BunkerId(row.getUUID("id")),
                        row.getLong("generation"),
                        Word.parse(BunkerIntent.class, row.getString("intent")),
                        Word.parse(BunkerStatus.class, row.getString("status")),
                        new ImageId(row.getUUID("image_id")),
                        Optional.ofNullable(row.getString("artifact_digest")).map(Digest::new),
                        row.getString("name"),
                        room(row),
                        row.getJsonObject("wish"),
                        Optional.ofNullable(row.getUUID("incarnation")).map(IncarnationId::new),
                        Optional.ofNullable(row.getOffsetDateTime("idle_since"))));
    }

    /** Workers that live and have a bunker to start, to end, to pause or to let go on. */
    public static Future<List<WorkerId>> workersToTell(SqlClient sql) {
        return Sql.list(sql, """
                SELECT DISTINCT b.worker_id FROM bunkers b JOIN workers w ON w.id = b.worker_id
                 WHERE b.booked AND w.status <> 'lost' AND (b.status = 'pending' OR b.intent = 'end'
                       OR (b.status = 'running' AND b.intent = 'pause') OR (b.status = 'paused' AND b.intent = 'run'))
                """, Map.of(), row -> new WorkerId(row.getUUID("worker_id")));
    }

    public static Future<Optional<Bunker>> find(SqlClient sql, BunkerId id) {
        return Sql.one(sql, SHOWN + "WHERE b.id = :id", Values.of("id", id.value()), Bunkers::bunker);
    }

    /** Newest last, behind {@code after}. */
    public static Future<List<Bunker>> list(SqlClient sql, Filter filter, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + """
                        JOIN tenants t ON t.id = b.tenant_id
                        WHERE (:tenant::uuid IS NULL OR b.tenant_id = :tenant)
                          AND (:partner::uuid IS NULL OR t.partner_id = :partner)
                          AND (:user::uuid IS NULL OR b.user_id = :user)
                          AND (:status::text IS NULL OR b.status = :status)
                          AND (:image::uuid IS NULL OR b.image_id = :image)
                          AND (:lifecycle::text IS NULL OR b.wish->>'lifecycle_mode' = :lifecycle)
                          AND (:after::uuid IS NULL OR b.id > :after)
                        ORDER BY b.id LIMIT :limit
                        """,
                Values.of("tenant", filter.tenantId().orElse(null))
                        .and("partner", filter.partnerId().orElse(null))
                        .and("user", filter.userId().orElse(null))
                        .and("status", filter.status().orElse(null))
                        .and("image", filter.imageId().orElse(null))
                        .and("lifecycle", filter.lifecycle().orElse(null))
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                Bunkers::bunker);
    }

    private static Room room(Row row) {
        return new Room(row.getInteger("cpu_millicores"), row.getInteger("memory_mb"), row.getInteger("disk_mb"));
    }

    private static Bunker bunker(Row row) {
        return new Bunker(
                new BunkerId(row.getUUID("id")),
                new TenantId(row.getUUID("tenant_id")),
                new UserId(row.getUUID("user_id")),
                row.getString("name"),
                new ImageId(row.getUUID("image_id")),
                row.getString("image_name"),
                new WorkerId(row.getUUID("worker_id")),
                Word.parse(BunkerIntent.class, row.getString("intent")),
                Word.parse(BunkerStatus.class, row.getString("status")),
                row.getLong("generation"),
                room(row),
                row.getJsonObject("wish"),
                row.getJsonObject("placement"),
                Optional.ofNullable(row.getString("failure_code")).map(ErrorCode::valueOf),
                Optional.ofNullable(row.getString("failure_message")),
                row.getOffsetDateTime("created_at"),
                Optional.ofNullable(row.getOffsetDateTime("started_at")),
                Optional.ofNullable(row.getOffsetDateTime("ended_at")),
                new Life(
                        Optional.ofNullable(row.getOffsetDateTime("expires_at")),
                        Optional.ofNullable(row.getOffsetDateTime("idle_since")),
                        Optional.ofNullable(row.getString("ended_reason"))
                                .map(word -> Word.parse(EndReason.class, word)),
                        Optional.ofNullable(row.getJsonObject("boot")),
                        row.getInteger("restarts")));
    }
}
