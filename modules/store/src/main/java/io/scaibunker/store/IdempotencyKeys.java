package io.scaibunker.store;

import io.scaibunker.model.UserId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;

/**
 * Table {@code idempotency_keys}: what a request that carried a key was answered, for {@link #KEPT_FOR}.
 *
 * <p>The request is claimed before it is done. A claim without an answer is void after a time that is longer than the
 * request may take, so that a process that died in the middle does not lock the key.
 */
public final class IdempotencyKeys {
    public static final Duration KEPT_FOR = Duration.ofHours(24);

    /** A user's request under a key; {@code hash} tells one request from another. */
    public record Asked(UserId userId, String key, String operation, byte[] hash) {}

    /** How a request stands. */
    public sealed interface Standing {
        /** Nobody has done it: the asker does. */
        record Claimed(OffsetDateTime at) implements Standing {}

        record UnderWay() implements Standing {}

        /** The key was used for something else. */
        record Different() implements Standing {}

        record Answered(int status, String answer) implements Standing {}
    }

    private IdempotencyKeys() {}

    /** @param lease longer than the request may take */
    public static Future<Standing> claim(SqlClient sql, Asked asked, Duration lease) {
        return Sql.one(sql, """
                        INSERT INTO idempotency_keys AS k (user_id, key, operation, request_hash)
                        VALUES (:user, :key, :operation, :hash)
                        ON CONFLICT (user_id, key) DO UPDATE
                           SET operation = excluded.operation, request_hash = excluded.request_hash,
                               http_status = NULL, answer = NULL, created_at = now()
                         WHERE k.created_at < now() - :kept * interval '1 millisecond'
                            OR (k.answer IS NULL AND k.request_hash = excluded.request_hash
                                AND k.created_at < now() - :lease * interval '1 millisecond')
                        RETURNING created_at
                        """, values(asked).and("kept", KEPT_FOR.toMillis()).and("lease", lease.toMillis()), row ->
                        (Standing) new Standing.Claimed(row.getOffsetDateTime("created_at")))
                .compose(claimed -> claimed.map(Future::succeededFuture).orElseGet(() -> look(sql, asked)));
    }

    private static Future<Standing> look(SqlClient sql, Asked asked) {
        return Sql.one(
                        sql,
                        "SELECT * FROM idempotency_keys WHERE user_id = :user AND key = :key",
                        values(asked),
                        row -> {
                            if (!Arrays.equals(row.getBuffer("request_hash").getBytes(), asked.hash())) {
                                return new Standing.Different();
                            }
                            String answer = row.getString("answer");
                            return answer == null
                                    ? new Standing.UnderWay()
                                    : new Standing.Answered(row.getInteger("http_status"), answer);
                        })
                // Given up between the two statements: the asker comes again.
                .map(found -> found.orElseGet(Standing.UnderWay::new));
    }

    /** Keeps the answer of a claimed request, unless the claim was void meanwhile. */
    public static Future<Boolean> keep(SqlClient sql, Asked asked, Standing.Claimed claim, int status, String answer) {
        return Sql.moved(
                sql,
                """
                UPDATE idempotency_keys SET http_status = :status, answer = :answer
                 WHERE user_id = :user AND key = :key AND answer IS NULL AND created_at = :at
                """,
                values(asked).and("at", claim.at()).and("status", status).and("answer", answer));
    }

    /** The claimed request came to nothing that is worth keeping. */
    public static Future<Boolean> giveUp(SqlClient sql, Asked asked, Standing.Claimed claim) {
        return Sql.moved(
                sql,
                "DELETE FROM idempotency_keys WHERE user_id = :user AND key = :key AND answer IS NULL AND created_at = :at",
                values(asked).and("at", claim.at()));
    }

    /** Forgets what is older than {@link #KEPT_FOR}. */
    public static Future<Boolean> sweep(SqlClient sql) {
        return Sql.moved(
                sql,
                "DELETE FROM idempotency_keys WHERE created_at < now() - :kept * interval '1 millisecond'",
                Values.of("kept", KEPT_FOR.toMillis()));
    }

    private static Values values(Asked asked) {
        return Values.of("user", asked.userId().value())
                .and("key", asked.key())
                .and("operation", asked.operation())
                .and("hash", Buffer.buffer(asked.hash()));
    }
}
