package io.scaibunker.store;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** The connections of one node to PostgreSQL. */
public final class Database {
    private final Pool pool;

    private Database(Pool pool) {
        this.pool = pool;
    }

    /** @param url {@code postgresql://user:password@host:port/database} */
    public static Database open(Vertx vertx, String url, StoreConfig config) {
        PgConnectOptions server = PgConnectOptions.fromUri(url)
                .setCachePreparedStatements(true)
                .addProperty(
                        "statement_timeout",
                        Long.toString(config.statementTimeout().toMillis()))
                .addProperty("application_name", "scaibunker");
        PoolOptions size = new PoolOptions()
                .setShared(true)
                .setName("store-" + server.getHost() + "-" + server.getPort() + "-" + server.getDatabase())
                .setMaxSize(config.connections())
                .setMaxWaitQueueSize(config.connections() * 64)
                .setConnectionTimeout((int) config.connectTimeout().toMillis())
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS);
        return new Database(PgBuilder.pool()
                .with(size)
                .with(new NetClientOptions()
                        .setConnectTimeout((int) config.connectTimeout().toMillis()))
                .connectingTo(server)
                .using(vertx)
                .build());
    }

    /** For single statements. */
    public SqlClient client() {
        return pool;
    }

    /**
     * Runs {@code work} in one transaction: all of it, or, when it fails, nothing.
     *
     * @return what the work came to, known to be committed
     */
    public <T> Future<T> inTransaction(Function<SqlConnection, Future<T>> work) {
        return pool.withTransaction(work).recover(thrown -> Future.failedFuture(Troubles.of(thrown)));
    }

    /** Runs {@code work} and takes back whatever it wrote. */
    public <T> Future<T> rehearse(Function<SqlConnection, Future<T>> work) {
        return pool.withConnection(
                        sql -> sql.begin().compose(begun -> work.apply(sql).eventually(begun::rollback)))
                .recover(thrown -> Future.failedFuture(Troubles.of(thrown)));
    }

    /** Runs {@code reads} on rows as they all were at one moment. */
    public <T> Future<T> atOneMoment(Function<SqlConnection, Future<T>> reads) {
        return inTransaction(sql -> Sql.run(sql, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", Map.of())
                .compose(set -> reads.apply(sql)));
    }

    /** Whether the server answers. */
    public Future<Void> ping() {
        return Sql.run(pool, "SELECT 1", Map.of()).mapEmpty();
    }

    public Future<Void> close() {
        return pool.close();
    }
}
