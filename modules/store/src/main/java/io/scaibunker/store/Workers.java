package io.scaibunker.store;

import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Table {@code workers}: who they are, whether they live, what room they have. */
public final class Workers {
    /**
     * A worker as the API shows it.
     *
     * @param cacheBytes what copies and snapshots take
     * @param cacheQuota what its cache may take in all; empty for no bound
     * @param drainUntil when what still runs there is ended
     * @param bunkers how many run there, or are to
     */
    public record Worker(
            WorkerId id,
            String name,
            WorkerIntent intent,
            WorkerStatus status,
            IncarnationId incarnation,
            OffsetDateTime lastHeartbeat,
            Room capacity,
            Room allocated,
            long cacheBytes,
            Optional<Long> cacheQuota,
            String grpcAddress,
            String driver,
            String acceleration,
            String zone,
            JsonObject labels,
            JsonObject versions,
            Set<NetworkProfile> networkProfiles,
            JsonObject limits,
            Optional<OffsetDateTime> drainUntil,
            int bunkers,
            OffsetDateTime createdAt) {}

    /** What a worker says of itself. */
    public record Beat(
            WorkerId id,
            IncarnationId incarnation,
            String name,
            Room capacity,
            long cacheBytes,
            String grpcAddress,
            String driver,
            String acceleration,
            String zone,
            Map<String, String> labels,
            Map<String, String> versions,
            WorkerAbilities abilities,
            Optional<Long> cacheQuota) {}

    /**
     * What a beat changed.
     *
     * @param before empty for a worker never seen
     * @param restarted the beat comes from another run of the process than the one before
     */
    public record Heard(WorkerStatus status, Optional<WorkerStatus> before, boolean restarted) {}

    /** A worker as people call it. */
    public record Named(WorkerId id, String name) {}

    private static final String SHOWN = """
            SELECT w.*, (SELECT count(*)::int FROM bunkers b WHERE b.worker_id = w.id AND b.booked) AS bunkers
              FROM workers w
            """;

    private Workers() {}

    /** Takes a beat. The first one makes the worker {@code joining}; the second, sent when it has told what it holds and can run, ready. */
    public static Future<Heard> beat(SqlClient sql, Beat beat) {
        return Sql.one(
                        sql,
                        """
                        WITH old AS (SELECT status, incarnation FROM workers WHERE id = :id)
                        INSERT INTO workers AS w (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb,
                               cache_bytes, cache_quota_bytes, grpc_address, driver, acceleration, zone, labels, versions,
                               network_profiles, limits)
                        VALUES (:id, :name, 'joining', :incarnation, :cpu, :memory, :disk,
                               :cache, :quota, :grpc, :driver, :acceleration, :zone, :labels, :versions,
                               :profiles, :limits)
                        ON CONFLICT (id) DO UPDATE
                           SET name = excluded.name, incarnation = excluded.incarnation, last_heartbeat = now(),
                               cpu_millicores = excluded.cpu_millicores, memory_mb = excluded.memory_mb,
                               disk_mb = excluded.disk_mb, cache_bytes = excluded.cache_bytes,
                               cache_quota_bytes = excluded.cache_quota_bytes,
                               grpc_address = excluded.grpc_address, driver = excluded.driver,
                               acceleration = excluded.acceleration, zone = excluded.zone,
                               labels = excluded.labels, versions = excluded.versions,
                               network_profiles = excluded.network_profiles, limits = excluded.limits,
                               status = CASE w.intent WHEN 'drain' THEN 'draining' ELSE 'ready' END
                        RETURNING status, (SELECT status FROM old) AS before,
                               (SELECT incarnation FROM old) IS DISTINCT FROM incarnation AS restarted
                        """,
                        Values.of("id", beat.id().value())
                                .and("name", beat.name())
                                .and("incarnation", beat.incarnation().value())
                                .and("cpu", beat.capacity().cpuMillicores())
                                .and("memory", beat.capacity().memoryMb())
                                .and("disk", beat.capacity().diskMb())
                                .and("cache", beat.cacheBytes())
                                .and("quota", beat.cacheQuota().orElse(null))
                                .and("grpc", beat.grpcAddress())
                                .and("driver", beat.driver())
                                .and("acceleration", beat.acceleration())
                                .and("zone", beat.zone())
                                .and("labels", json(beat.labels()))
                                .and("versions", json(beat.versions()))
                                .and("profiles", words(beat.abilities().networkProfiles()))
                                .and("limits", limits(beat.abilities())),
                        row -> new Heard(
                                Word.parse(WorkerStatus.class, row.getString("status")),
                                Optional.ofNullable(row.getString("before"))
                                        .map(word -> Word.parse(WorkerStatus.class, word)),
                                row.getBoolean("restarted")))
                .map(Optional::orElseThrow);
    }

    private static String[] words(List<NetworkProfile> profiles) {
        return profiles.stream().map(Word::word).toArray(String[]::new);
    }

    private static JsonObject limits(WorkerAbilities abilities) {
        return new JsonObject()
                .put("enforced", new JsonArray(abilities.enforced()))
                .put("reasons", json(abilities.reasons()));
    }

    private static JsonObject json(Map<String, String> pairs) {
        JsonObject json = new JsonObject();
        pairs.forEach(json::put);
        return json;
    }

    /** Marks as lost who has not been heard for {@code stale}, by the database's clock. */
    public static Future<List<WorkerId>> loseStale(SqlClient sql, Duration stale) {
        return Sql.list(sql, """
                UPDATE workers SET status = 'lost'
                 WHERE id IN (SELECT id FROM workers
                               WHERE status <> 'lost' AND last_heartbeat < now() - :stale * interval '1 millisecond'
                               ORDER BY id FOR NO KEY UPDATE)
                RETURNING id
                """, Map.of("stale", stale.toMillis()), row -> new WorkerId(row.getUUID("id")));
    }

    /** It takes bunkers again; {@code status} follows with its next beat. */
    public static Future<Boolean> resume(SqlClient sql, WorkerId id) {
        return Sql.moved(
                sql,
                "UPDATE workers SET intent = 'serve', drain_until = NULL WHERE id = :id AND intent <> 'serve'",
                Values.of("id", id.value()));
    }

    /**
     * It takes no more bunkers; {@code status} follows with its next beat. Asked again, it drains by the later word.
     *
     * @param within after so long what still runs there is ended; empty: it may stay
     */
    public static Future<Boolean> drain(SqlClient sql, WorkerId id, Optional<Duration> within) {
        return Sql.moved(
                sql,
                """
                UPDATE workers SET intent = 'drain', drain_until = now() + :within::bigint * interval '1 millisecond'
                 WHERE id = :id
                """,
                Values.of("id", id.value())
                        .and("within", within.map(Duration::toMillis).orElse(null)));
    }

    /** Brings the status of living workers to what is wanted of them. */
    public static Future<Void> followIntents(SqlClient sql) {
        return Sql.run(sql, """
                        UPDATE workers SET status = CASE intent WHEN 'drain' THEN 'draining' ELSE 'ready' END
                         WHERE (status = 'ready' AND intent = 'drain') OR (status = 'draining' AND intent = 'serve')
                        """, Map.of()).mapEmpty();
    }

    /**
     * Lets workers succeed those that are lost and had their names: whose disk was wiped comes back as another. Theirs are its
     * groups and what was wanted of it; it is forgotten once no bunker there is booked any more. Who was heard at the same time
     * under the same name succeeds nobody.
     *
     * @return the successors that have just got groups
     */
    public static Future<List<WorkerId>> succeed(SqlClient sql) {
        return Sql.list(sql, """
                WITH pairs AS (
                    SELECT DISTINCT ON (was.id) was.id AS was, was.intent, heir.id AS heir
                      FROM workers was
                      JOIN workers heir ON heir.name = was.name AND heir.created_at > was.last_heartbeat
                                       AND heir.status IN ('ready', 'draining')
                     WHERE was.status = 'lost'
                     ORDER BY was.id, heir.created_at DESC),
                joined AS (
                    INSERT INTO group_workers (group_id, worker_id)
                    SELECT DISTINCT gw.group_id, p.heir FROM pairs p JOIN group_workers gw ON gw.worker_id = p.was
                    ON CONFLICT DO NOTHING
                    RETURNING worker_id),
                left_behind AS (
                    DELETE FROM group_workers gw USING pairs p WHERE gw.worker_id = p.was),
                intended AS (
                    UPDATE workers w SET intent = 'drain'
                     WHERE EXISTS (SELECT 1 FROM pairs p JOIN group_workers gw ON gw.worker_id = p.was
                                    WHERE p.heir = w.id AND p.intent = 'drain')),
                forgotten AS (
                    DELETE FROM workers w USING pairs p
                     WHERE w.id = p.was AND NOT EXISTS (SELECT 1 FROM bunkers b WHERE b.worker_id = w.id AND b.booked))
                SELECT DISTINCT worker_id FROM joined
                """, Map.of(), row -> new WorkerId(row.getUUID("worker_id")));
    }

    /** Forgets a worker that is lost or drained and runs nothing. */
    public static Future<Boolean> forget(SqlClient sql, WorkerId id) {
        return Sql.moved(sql, """
                DELETE FROM workers w WHERE id = :id AND status IN ('lost', 'draining')
                   AND NOT EXISTS (SELECT 1 FROM bunkers b WHERE b.worker_id = w.id AND b.booked)
                """, Values.of("id", id.value()));
    }

    public static Future<Optional<Worker>> find(SqlClient sql, WorkerId id) {
        return Sql.one(sql, SHOWN + "WHERE w.id = :id", Values.of("id", id.value()), Workers::worker);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Worker>> list(SqlClient sql, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + "WHERE (:after::uuid IS NULL OR w.id > :after) ORDER BY w.id LIMIT :limit",
                Values.of("after", after.orElse(null)).and("limit", limit),
                Workers::worker);
    }

    /** The names of all that are not lost, by the ids that they are told by. */
    public static Future<Map<String, Named>> serving(SqlClient sql) {
        return Sql.list(
                        sql,
                        "SELECT id, name FROM workers WHERE status <> 'lost'",
                        Map.of(),
                        row -> new Named(new WorkerId(row.getUUID("id")), row.getString("name")))
                .map(rows -> rows.stream()
                        .collect(Collectors.toMap(worker -> worker.id().toString(), Function.identity())));
    }

    static Room capacity(Row row) {
        return new Room(row.getInteger("cpu_millicores"), row.getInteger("memory_mb"), row.getInteger("disk_mb"));
    }

    static Room allocated(Row row) {
        return new Room(
                row.getInteger("allocated_cpu_millicores"),
                row.getInteger("allocated_memory_mb"),
                row.getInteger("allocated_disk_mb"));
    }

    static Set<NetworkProfile> networkProfiles(Row row) {
        Set<NetworkProfile> profiles = EnumSet.noneOf(NetworkProfile.class);
        for (String word : row.getArrayOfStrings("network_profiles")) {
            profiles.add(Word.parse(NetworkProfile.class, word));
        }
        return profiles;
    }

    private static Worker worker(Row row) {
        return new Worker(
                new WorkerId(row.getUUID("id")),
                row.getString("name"),
                Word.parse(WorkerIntent.class, row.getString("intent")),
                Word.parse(WorkerStatus.class, row.getString("status")),
                new IncarnationId(row.getUUID("incarnation")),
                row.getOffsetDateTime("last_heartbeat"),
                capacity(row),
                allocated(row),
                row.getLong("cache_bytes"),
                Optional.ofNullable(row.getLong("cache_quota_bytes")),
                row.getString("grpc_address"),
                row.getString("driver"),
                row.getString("acceleration"),
                row.getString("zone"),
                row.getJsonObject("labels"),
                row.getJsonObject("versions"),
                networkProfiles(row),
                row.getJsonObject("limits"),
                Optional.ofNullable(row.getOffsetDateTime("drain_until")),
                row.getInteger("bunkers"),
                row.getOffsetDateTime("created_at"));
    }
}
