package io.scaibunker.store;

import io.scaibunker.model.ImageId;
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
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Table {@code events}: what changed of an image or of a bunker, in order. Triggers write it with the change itself.
 *
 * <p>An id is given before its transaction commits, so a reader that saw 8 may later find 7. A {@link Look} therefore
 * says which transactions may still be at work: a missing id comes from one of those, or never.
 */
public final class Events {
    /**
     * @param subject the image or bunker that it is about; empty for what concerns every watcher
     * @param body in the API's words
     */
    public record Event(long id, OffsetDateTime at, String kind, Optional<UUID> subject, JsonObject body) {}

    /**
     * What lay behind a place in the log at one moment.
     *
     * @param oldestRunning every transaction below this number had ended
     * @param nextNumber no transaction had got this number or a higher one
     */
    public record Look(List<Event> events, long oldestRunning, long nextNumber) {}

    private static final String NOW = """
            SELECT pg_snapshot_xmin(now.s)::text::bigint AS oldest, pg_snapshot_xmax(now.s)::text::bigint AS next, e.*
              FROM (SELECT pg_current_snapshot() AS s) now
            """;

    private Events() {}

    /** Up to {@code limit} events behind the id {@code after}, in order. */
    public static Future<Look> look(SqlClient sql, long after, int limit) {
        return looked(sql, NOW + """
                        LEFT JOIN LATERAL (SELECT * FROM events WHERE id > :after ORDER BY id LIMIT :limit) e ON true
                        ORDER BY e.id
                        """, Map.of("after", after, "limit", limit));
    }

    /** The last event that there is. */
    public static Future<Look> last(SqlClient sql) {
        return looked(
                sql, NOW + "LEFT JOIN LATERAL (SELECT * FROM events ORDER BY id DESC LIMIT 1) e ON true", Map.of());
    }

    private static Future<Look> looked(SqlClient sql, String statement, Map<String, ?> values) {
        return Sql.run(sql, statement, values).map(rows -> {
            Row first = rows.iterator().next();
            List<Event> events = rows.stream()
                    .filter(row -> row.getLong("id") != null)
                    .map(Events::event)
                    .toList();
            return new Look(events, first.getLong("oldest"), first.getLong("next"));
        });
    }

    /**
     * Which images, or their copies, changed.
     *
     * @param last the last event looked at; ask again behind it
     */
    public record Changes(long last, Set<ImageId> images) {}

    /** The images that changed behind the id {@code after}. One whose event became visible late may be missing. */
    public static Future<Changes> imagesChanged(SqlClient sql, long after, int limit) {
        return Sql.one(sql, """
                        SELECT coalesce(max(id), :after) AS last,
                               array_agg(DISTINCT subject) FILTER (WHERE kind IN ('image', 'cache')) AS images
                          FROM (SELECT id, kind, subject FROM events WHERE id > :after ORDER BY id LIMIT :limit) e
                        """, Map.of("after", after, "limit", limit), row -> {
                    UUID[] images = row.getArrayOfUUIDs("images");
                    return new Changes(
                            row.getLong("last"),
                            images == null
                                    ? Set.of()
                                    : Arrays.stream(images).map(ImageId::new).collect(Collectors.toSet()));
                })
                .map(Optional::orElseThrow);
    }

    /** The id of the last event. */
    public static Future<Long> lastId(SqlClient sql) {
        return Sql.one(sql, "SELECT coalesce(max(id), 0) AS last FROM events", Map.of(), row -> row.getLong("last"))
                .map(Optional::orElseThrow);
    }

    /** What happened to {@code subject} behind {@code after} and not behind {@code upTo}, in order. */
    public static Future<List<Event>> of(SqlClient sql, UUID subject, long after, long upTo, int limit) {
        return Sql.list(
                sql, """
                SELECT * FROM events WHERE subject = :subject AND id > :after AND id <= :upTo ORDER BY id LIMIT :limit
                """, Map.of("subject", subject, "after", after, "upTo", upTo, "limit", limit), Events::event);
    }

    /** What happened to {@code subject} before the id {@code before}, the newest first. */
    public static Future<List<Event>> backwards(SqlClient sql, UUID subject, long before, int limit) {
        return Sql.list(sql, """
                SELECT * FROM events WHERE subject = :subject AND id < :before ORDER BY id DESC LIMIT :limit
                """, Map.of("subject", subject, "before", before, "limit", limit), Events::event);
    }

    /** The ids of what happened to {@code subject} behind {@code after}, as the transaction at hand sees it. */
    public static Future<List<Long>> idsOf(SqlClient sql, UUID subject, long after) {
        return Sql.list(
                sql,
                "SELECT id FROM events WHERE subject = :subject AND id > :after",
                Map.of("subject", subject, "after", after),
                row -> row.getLong("id"));
    }

    /** Whether nothing behind {@code after} was swept away. */
    public static Future<Boolean> reachesBackTo(SqlClient sql, long after) {
        return Sql.one(
                        sql,
                        "SELECT coalesce((SELECT min(id) FROM events) <= :after + 1, false) AS whole",
                        Map.of("after", after),
                        row -> row.getBoolean("whole"))
                .map(Optional::orElseThrow);
    }

    /**
     * Forgets what is older than {@code kept}, and the oldest beyond {@code most}; some thousands at a time, so that no
     * statement takes long.
     *
     * @return how many went; more may be due while this is not 0
     */
    public static Future<Integer> sweep(SqlClient sql, Duration kept, long most) {
        return Sql.run(sql, """
                        DELETE FROM events WHERE id IN (
                            SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT 5000) oldest
                             WHERE at < now() - :kept * interval '1 millisecond'
                                OR id <= (SELECT max(id) FROM events) - :most)
                        """, Map.of("kept", kept.toMillis(), "most", most)).map(rows -> rows.rowCount());
    }

    private static Event event(Row row) {
        return new Event(
                row.getLong("id"),
                row.getOffsetDateTime("at"),
                row.getString("kind"),
                Optional.ofNullable(row.getUUID("subject")),
                row.getJsonObject("body"));
    }
}
