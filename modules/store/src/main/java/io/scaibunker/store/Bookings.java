package io.scaibunker.store;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * How rows of {@code bunkers} come to be: a batch at a time, in one statement that also takes their room on the workers and
 * in the quotas, and that refuses each row alone ({@code place_bunkers} of the migration). What the scheduler thinks is a
 * guess; what this says is so.
 */
public final class Bookings {
    /** A bunker to book, where the scheduler would have it. */
    public record Booking(
            BunkerId id,
            TenantId tenantId,
            UserId userId,
            String name,
            ImageId imageId,
            WorkerId workerId,
            Room room,
            JsonObject wish,
            JsonObject placement) {}

    /** What became of a booking. */
    public enum Fate implements Word {
        BOOKED,
        /** Booked before, by the same id. */
        KNOWN,
        DEACTIVATED,
        /** Now the worker does not serve, has no ready copy, or is out of scope. */
        ELSEWHERE,
        /** The worker has not the room. */
        FULL,
        /** The tenant's quota would be passed. */
        TENANT,
        /** The user's quota would be passed. */
        USER,
        /** Others of the batch stood in its way. */
        AGAIN
    }

    /**
     * @param workerId where it is, if it is booked; else where it was to be
     * @param before the worker as it was when this batch began; empty if there is none of this id
     * @param beyond which quota would be passed
     */
    public record Outcome(
            BunkerId id, Fate fate, WorkerId workerId, Optional<Before> before, Optional<Beyond> beyond) {}

    /** A worker under the lock of a booking, before that booking. */
    public record Before(WorkerStatus status, WorkerIntent intent, Room allocated) {}

    /**
     * A quota that would be passed.
     *
     * @param resource as the API calls it
     */
    public record Beyond(String resource, long used, long asked, long cap) {}

    private Bookings() {}

    /** Books each of {@code batch}, or says why not; in their order. */
    public static Future<List<Outcome>> book(SqlClient sql, List<Booking> batch) {
        return Sql.list(
                sql,
                """
                SELECT * FROM place_bunkers(:ids, :tenants, :users, :names, :images, :workers, :cpus, :memories, :disks,
                                            :wishes::text[]::jsonb[], :placements::text[]::jsonb[])
                """,
                Values.of("ids", uuids(batch, booking -> booking.id().value()))
                        .and(
                                "tenants",
                                uuids(batch, booking -> booking.tenantId().value()))
                        .and("users", uuids(batch, booking -> booking.userId().value()))
                        .and("names", texts(batch, Booking::name))
                        .and("images", uuids(batch, booking -> booking.imageId().value()))
                        .and(
                                "workers",
                                uuids(batch, booking -> booking.workerId().value()))
                        .and("cpus", numbers(batch, booking -> booking.room().cpuMillicores()))
                        .and(
                                "memories",
                                numbers(batch, booking -> booking.room().memoryMb()))
                        .and("disks", numbers(batch, booking -> booking.room().diskMb()))
                        .and("wishes", texts(batch, booking -> booking.wish().encode()))
                        .and(
                                "placements",
                                texts(batch, booking -> booking.placement().encode())),
                Bookings::outcome);
    }

    /** Which of these were booked, and where. */
    public static Future<Map<BunkerId, WorkerId>> known(SqlClient sql, List<BunkerId> ids) {
        return Sql.run(
                        sql,
                        "SELECT id, worker_id FROM bunkers WHERE id = ANY(:ids)",
                        Values.of("ids", uuids(ids, BunkerId::value)))
                .map(rows -> {
                    Map<BunkerId, WorkerId> known = new HashMap<>();
                    rows.forEach(
                            row -> known.put(new BunkerId(row.getUUID("id")), new WorkerId(row.getUUID("worker_id"))));
                    return known;
                });
    }

    private static Outcome outcome(Row row) {
        return new Outcome(
                new BunkerId(row.getUUID("bunker")),
                Word.parse(Fate.class, row.getString("fate")),
                new WorkerId(row.getUUID("host")),
                Optional.ofNullable(row.getString("worker_status"))
                        .map(status -> new Before(
                                Word.parse(WorkerStatus.class, status),
                                Word.parse(WorkerIntent.class, row.getString("worker_intent")),
                                new Room(
                                        row.getInteger("allocated_cpu"),
                                        row.getInteger("allocated_memory"),
                                        row.getInteger("allocated_disk")))),
                Optional.ofNullable(row.getJsonObject("beyond")).map(Bookings::beyond));
    }

    private static Beyond beyond(JsonObject said) {
        return new Beyond(said.getString("resource"), said.getLong("used"), said.getLong("asked"), said.getLong("cap"));
    }

    private static <T> UUID[] uuids(List<T> of, Function<T, UUID> id) {
        return of.stream().map(id).toArray(UUID[]::new);
    }

    private static String[] texts(List<Booking> batch, Function<Booking, String> text) {
        return batch.stream().map(text).toArray(String[]::new);
    }

    private static Integer[] numbers(List<Booking> batch, Function<Booking, Integer> number) {
        return batch.stream().map(number).toArray(Integer[]::new);
    }
}
