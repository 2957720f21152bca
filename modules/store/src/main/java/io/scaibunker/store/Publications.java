package io.scaibunker.store;

import io.scaibunker.model.IncarnationId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Table {@code publications}: who publishes events on the bus, and how far that has got. */
public final class Publications {
    private Publications() {}

    /**
     * Takes the work over, for {@code lease} from now, if nobody has it.
     *
     * @return the id behind which to go on; empty while another one publishes. The first of all begins with what comes next.
     */
    public static Future<Optional<Long>> claim(SqlClient sql, IncarnationId claimer, Duration lease) {
        return Sql.one(
                sql,
                """
                INSERT INTO publications AS p (place, claimed_by, lease_until)
                VALUES ((SELECT coalesce(max(id), 0) FROM events), :claimer, now() + :lease * interval '1 millisecond')
                ON CONFLICT (one) DO UPDATE SET claimed_by = excluded.claimed_by, lease_until = excluded.lease_until
                 WHERE p.lease_until < now() OR p.claimed_by = excluded.claimed_by
                RETURNING place
                """,
                Values.of("claimer", claimer.value()).and("lease", lease.toMillis()),
                row -> row.getLong("place"));
    }

    /**
     * Everything up to {@code place} was published; the lease begins anew.
     *
     * @return false: another one has taken over
     */
    public static Future<Boolean> advance(SqlClient sql, IncarnationId claimer, long place, Duration lease) {
        return Sql.moved(sql, """
                UPDATE publications SET place = :place, lease_until = now() + :lease * interval '1 millisecond'
                 WHERE claimed_by = :claimer
                """, Map.of("claimer", claimer.value(), "place", place, "lease", lease.toMillis()));
    }

    /** Lets another one take over at once. */
    public static Future<Boolean> giveUp(SqlClient sql, IncarnationId claimer, long place) {
        return Sql.moved(sql, """
                UPDATE publications SET place = :place, lease_until = '-infinity' WHERE claimed_by = :claimer
                """, Map.of("claimer", claimer.value(), "place", place));
    }
}
