package io.scaibunker.store;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Table {@code snapshots}: what is wanted of the workers that have them, and what those see. */
public final class Snapshots {
    /** @param endsBunker whether its bunker ends once this is ready */
    public record Snapshot(
            SnapshotId id,
            TenantId tenantId,
            UserId userId,
            BunkerId bunkerId,
            ImageId imageId,
            String imageName,
            WorkerId workerId,
            boolean wanted,
            boolean endsBunker,
            SnapshotStatus status,
            Optional<Digest> digest,
            Optional<Long> sizeBytes,
            Optional<ErrorCode> errorCode,
            Optional<String> errorMessage,
            OffsetDateTime createdAt,
            OffsetDateTime updatedAt) {}

    /** A snapshot as its worker is told it. */
    public record Wanted(
            SnapshotId id,
            BunkerId bunkerId,
            ImageId imageId,
            SnapshotStatus status,
            boolean wanted,
            Optional<Digest> digest) {}

    /** What a worker has made: the digest of the layer, and what all of it takes. */
    public record Made(Digest digest, long sizeBytes) {}

    /**
     * How a worker sees a snapshot.
     *
     * @param made when ready
     * @param failure the code, when failed
     */
    public record Sight(
            SnapshotStatus status, Optional<Made> made, Optional<ErrorCode> failure, Optional<String> message) {
        public static Sight of(SnapshotStatus status) {
            return new Sight(status, Optional.empty(), Optional.empty(), Optional.empty());
        }
    }

    /** Which snapshots a list shows. */
    public record Filter(
            Optional<UUID> tenantId, Optional<UUID> partnerId, Optional<UUID> userId, Optional<UUID> bunkerId) {}

    private static final String SHOWN = """
            SELECT s.*, i.name AS image_name
              FROM snapshots s JOIN images i ON i.id = s.image_id JOIN tenants t ON t.id = s.tenant_id
            """;

    private Snapshots() {}

    /**
     * Asks for a snapshot of a bunker that runs or is paused, for its user. Asking while one is under way is refused.
     *
     * @param endsBunker whether the bunker is to end once it is ready
     * @param most how many the tenant may have
     * @return false if the bunker is in no state for it, or its tenant has as many as it may
     */
    public static Future<Boolean> ask(SqlClient sql, SnapshotId id, BunkerId bunkerId, boolean endsBunker, int most) {
        return Sql.moved(
                sql,
                """
                INSERT INTO snapshots (id, tenant_id, user_id, bunker_id, image_id, worker_id, ends_bunker)
                SELECT :id, b.tenant_id, b.user_id, b.id, b.image_id, b.worker_id, :ends
                  FROM bunkers b
                 WHERE b.id = :bunker AND b.status IN ('running', 'paused') AND b.intent <> 'end'
                   AND (SELECT count(*) FROM snapshots s
                         WHERE s.tenant_id = b.tenant_id AND s.status NOT IN ('failed', 'deleted')) < :most
                """,
                Values.of("id", id.value())
                        .and("bunker", bunkerId.value())
                        .and("ends", endsBunker)
                        .and("most", most));
    }

    /** The snapshot with which a bunker is about to end. */
    public static Future<Optional<Snapshot>> endingOf(SqlClient sql, BunkerId bunkerId) {
        return Sql.one(
                sql,
                SHOWN
                        + "WHERE s.bunker_id = :bunker AND s.wanted AND s.ends_bunker AND s.status IN ('pending', 'creating')",
                Values.of("bunker", bunkerId.value()),
                Snapshots::snapshot);
    }

    public static Future<Optional<Snapshot>> find(SqlClient sql, SnapshotId id) {
        return Sql.one(sql, SHOWN + "WHERE s.id = :id", Values.of("id", id.value()), Snapshots::snapshot);
    }

    /** Those that are wanted, newest last, behind {@code after}. */
    public static Future<List<Snapshot>> list(SqlClient sql, Filter filter, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + """
                        WHERE s.wanted
                          AND (:tenant::uuid IS NULL OR s.tenant_id = :tenant)
                          AND (:partner::uuid IS NULL OR t.partner_id = :partner)
                          AND (:user::uuid IS NULL OR s.user_id = :user)
                          AND (:bunker::uuid IS NULL OR s.bunker_id = :bunker)
                          AND (:after::uuid IS NULL OR s.id > :after)
                        ORDER BY s.id LIMIT :limit
                        """,
                Values.of("tenant", filter.tenantId().orElse(null))
                        .and("partner", filter.partnerId().orElse(null))
                        .and("user", filter.userId().orElse(null))
                        .and("bunker", filter.bunkerId().orElse(null))
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                Snapshots::snapshot);
    }

    /** Holds a ready snapshot for an image that is being registered; false if it is not ready, or not wanted any more. */
    public static Future<Boolean> hold(SqlClient sql, SnapshotId id) {
        return Sql.one(
                        sql,
                        "SELECT 1 AS held FROM snapshots WHERE id = :id AND wanted AND status = 'ready' FOR SHARE",
                        Values.of("id", id.value()),
                        row -> true)
                .map(Optional::isPresent);
    }

    /** Does not want it any more. False while an active image is made of it, or if it was not wanted before. */
    public static Future<Boolean> letGo(SqlClient sql, SnapshotId id) {
        return Sql.moved(sql, """
                UPDATE snapshots s SET wanted = false, updated_at = now()
                 WHERE s.id = :id AND s.wanted
                   AND NOT EXISTS (SELECT 1 FROM images i WHERE i.snapshot_id = s.id AND i.status = 'active')
                """, Values.of("id", id.value()));
    }

    /** An active image that is made of it. */
    public static Future<Optional<ImageId>> imageOf(SqlClient sql, SnapshotId id) {
        return Sql.one(
                sql,
                "SELECT id FROM images WHERE snapshot_id = :id AND status = 'active' LIMIT 1",
                Values.of("id", id.value()),
                row -> new ImageId(row.getUUID("id")));
    }

    /** What a worker should take, keep or remove, behind {@code after}, in the order of ids. */
    public static Future<List<Wanted>> wantedOf(
            SqlClient sql, WorkerId workerId, Optional<SnapshotId> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT id, bunker_id, image_id, status, wanted, digest FROM snapshots
                 WHERE worker_id = :worker AND status <> 'deleted' AND (status <> 'failed' OR NOT wanted)
                   AND (:after::uuid IS NULL OR id > :after)
                 ORDER BY id LIMIT :limit
                """,
                Values.of("worker", workerId.value())
                        .and("after", after.map(SnapshotId::value).orElse(null))
                        .and("limit", limit),
                row -> new Wanted(
                        new SnapshotId(row.getUUID("id")),
                        new BunkerId(row.getUUID("bunker_id")),
                        new ImageId(row.getUUID("image_id")),
                        status(row),
                        row.getBoolean("wanted"),
                        digest(row)));
    }

    /** Workers that live and have a snapshot to take or to remove. */
    public static Future<List<WorkerId>> workersToTell(SqlClient sql) {
        return Sql.list(sql, """
                SELECT DISTINCT s.worker_id FROM snapshots s JOIN workers w ON w.id = s.worker_id
                 WHERE w.status <> 'lost' AND ((s.wanted AND s.status = 'pending') OR (NOT s.wanted AND s.status <> 'deleted'))
                """, Map.of(), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /**
     * What a report changed.
     *
     * @param moved false if the row had moved on, or cannot get there from where it is
     * @param ends whether the bunker's end is wanted with it
     */
    public record Taken(boolean moved, boolean ends) {}

    /** Moves a snapshot to where its worker sees it. One that its bunker is to end with asks for that end when it is ready. */
    public static Future<Taken> move(SqlClient sql, WorkerId workerId, SnapshotId id, Sight seen) {
        return Sql.one(
                        sql,
                        """
                        WITH moved AS (
                            UPDATE snapshots
                               SET status = :to, digest = coalesce(:digest, digest), size_bytes = coalesce(:size, size_bytes),
                                   error_code = :code, error_message = :message, updated_at = now()
                             WHERE id = :id AND worker_id = :worker AND status = ANY(:from) AND (:to = 'deleted') = (NOT wanted)
                            RETURNING bunker_id, ends_bunker AND :to = 'ready' AS ends),
                        ended AS (
                            UPDATE bunkers b
                               SET intent = 'end', ended_reason = coalesce(b.ended_reason, 'deleted'),
                                   generation = b.generation + 1, updated_at = now()
                              FROM moved m WHERE b.id = m.bunker_id AND m.ends AND b.intent <> 'end' AND b.booked)
                        SELECT count(*)::int AS moved, coalesce(bool_or(ends), false) AS ends FROM moved
                        """,
                        Values.of("id", id.value())
                                .and("worker", workerId.value())
                                .and("to", seen.status().word())
                                .and("from", whence(seen.status()))
                                .and(
                                        "digest",
                                        seen.made()
                                                .map(made -> made.digest().text())
                                                .orElse(null))
                                .and("size", seen.made().map(Made::sizeBytes).orElse(null))
                                .and("code", seen.failure().map(ErrorCode::name).orElse(null))
                                .and("message", seen.message().orElse(null)),
                        row -> new Taken(row.getInteger("moved") > 0, row.getBoolean("ends")))
                .map(Optional::orElseThrow);
    }

    /**
     * Gives up what nobody will take any more: asked of a bunker that has ended, or of a worker that has been silent for {@code
     * silence}, by the database's clock.
     */
    public static Future<Integer> failOrphans(SqlClient sql, Duration silence) {
        return Sql.run(sql, """
                        UPDATE snapshots s
                           SET status = 'failed', updated_at = now(),
                               error_code = CASE WHEN b.booked THEN 'WORKER_LOST' ELSE 'WRONG_STATE' END,
                               error_message = CASE WHEN b.booked THEN 'its worker was not heard any more'
                                                    ELSE 'the bunker had ended before it was taken' END
                          FROM bunkers b
                         WHERE b.id = s.bunker_id AND s.wanted AND s.status IN ('pending', 'creating')
                           AND ((s.status = 'pending' AND NOT b.booked)
                                OR EXISTS (SELECT 1 FROM workers w WHERE w.id = s.worker_id AND w.status = 'lost'
                                               AND w.last_heartbeat < now() - :silence * interval '1 millisecond'))
                        """, Map.of("silence", silence.toMillis())).map(rows -> rows.rowCount());
    }

    private static String[] whence(SnapshotStatus to) {
        return Arrays.stream(SnapshotStatus.values())
                .filter(from -> from.next().contains(to))
                .map(SnapshotStatus::word)
                .toArray(String[]::new);
    }

    private static SnapshotStatus status(Row row) {
        return Word.parse(SnapshotStatus.class, row.getString("status"));
    }

    private static Optional<Digest> digest(Row row) {
        return Optional.ofNullable(row.getString("digest")).map(Digest::new);
    }

    private static Snapshot snapshot(Row row) {
        return new Snapshot(
                new SnapshotId(row.getUUID("id")),
                new TenantId(row.getUUID("tenant_id")),
                new UserId(row.getUUID("user_id")),
                new BunkerId(row.getUUID("bunker_id")),
                new ImageId(row.getUUID("image_id")),
                row.getString("image_name"),
                new WorkerId(row.getUUID("worker_id")),
                row.getBoolean("wanted"),
                row.getBoolean("ends_bunker"),
                status(row),
                digest(row),
                Optional.ofNullable(row.getLong("size_bytes")),
                Optional.ofNullable(row.getString("error_code")).map(ErrorCode::valueOf),
                Optional.ofNullable(row.getString("error_message")),
                row.getOffsetDateTime("created_at"),
                row.getOffsetDateTime("updated_at"));
    }
}
