package io.scaibunker.store;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** A database of one's own for each test, opened as a node opens it. */
abstract class StoreFixture {
    static final StoreConfig CONFIG =
            new StoreConfig(Optional.empty(), 8, Duration.ofSeconds(3), Duration.ofSeconds(20));

    static Vertx vertx;

    final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    final Seeds seeds = Seeds.in(server);
    final Database database = Database.open(vertx, server.url(), CONFIG);
    final SqlClient sql = database.client();

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        vertx.close().await();
    }

    @AfterEach
    void close() {
        database.close().await();
        server.close();
    }

    /** Runs a statement with named parameters. */
    int run(String statement, Map<String, ?> values) {
        return Sql.run(sql, statement, values).await().rowCount();
    }

    /** The only row of a query, as text: equal texts mean nothing has changed. */
    String row(String table, String where) {
        return Sql.one(
                        sql,
                        "SELECT to_jsonb(t)::text AS row FROM " + table + " t WHERE " + where,
                        Map.of(),
                        found -> found.getString("row"))
                .await()
                .orElseThrow();
    }

    String text(String query) {
        return Sql.one(sql, query, Map.of(), found -> found.getString(0))
                .await()
                .orElseThrow();
    }

    IncarnationId runOf(WorkerId worker) {
        return Workers.find(sql, worker).await().orElseThrow().incarnation();
    }

    static ImageId image(UUID id) {
        return new ImageId(id);
    }

    static WorkerId worker(UUID id) {
        return new WorkerId(id);
    }
}
