package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.testkit.Eventually;
import io.scaibunker.testkit.Ports;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DatabaseAwayTest extends StoreFixture {
    @Test
    void whileTheDatabaseIsAwayTheAnswerIsLaterAndThenItRecovers() {
        database.ping().await();
        server.refuseConnections(true);
        assertLater(database.ping());
        assertLater(database.ping());
        assertLater(database.inTransaction(connection -> Sql.run(connection, "SELECT 1", Map.of())));
        server.refuseConnections(false);
        Eventually.eventually(() -> database.ping().await());
        database.inTransaction(connection -> Sql.run(connection, "SELECT 1", Map.of()))
                .await();
    }

    @Test
    void connectionsThatWereCutAreMadeAnew() {
        Future.all(Stream.generate(database::ping).limit(8).toList()).await();
        server.cutConnections();
        Eventually.eventually(() ->
                Future.all(Stream.generate(database::ping).limit(8).toList()).await());
    }

    @Test
    void aTransactionCutInTheMiddleLeavesNothing() {
        Promise<Void> go = Promise.promise();
        Promise<Void> begun = Promise.promise();
        Future<?> whole = database.inTransaction(connection -> insertPartner(connection)
                .onSuccess(done -> begun.complete())
                .compose(done -> go.future())
                .compose(cut -> Sql.run(connection, "SELECT 1", Map.of())));
        begun.future().await();
        server.cutConnections();
        go.complete();
        assertLater(whole);
        Eventually.eventually(
                () -> assertThat(text("SELECT count(*)::text FROM partners")).isEqualTo("0"));
    }

    @Test
    void aTransactionThatFailsLeavesNothingAndTellsWhy() {
        var thrown = catchThrowableOfType(
                PlatformException.class,
                () -> database.inTransaction(connection -> insertPartner(connection)
                                .compose(done ->
                                        Future.failedFuture(new PlatformException(ErrorCode.WRONG_STATE, "not so"))))
                        .await());
        assertThat(thrown.code()).isEqualTo(ErrorCode.WRONG_STATE);
        assertThat(text("SELECT count(*)::text FROM partners")).isEqualTo("0");
    }

    @Test
    void whereNobodyListensTheAnswerIsLater() {
        var nobody = Database.open(vertx, "postgresql://u:p@127.0.0.1:" + Ports.free() + "/none", CONFIG);
        assertLater(nobody.ping());
        nobody.close().await();
    }

    @Test
    void aStatementThatTakesTooLongIsEnded() {
        var hasty = Database.open(
                vertx,
                otherName(),
                new StoreConfig(Optional.empty(), 2, Duration.ofSeconds(3), Duration.ofMillis(100)));
        assertLater(Sql.run(hasty.client(), "SELECT pg_sleep(30)::text", Map.of()));
        hasty.close().await();
    }

    @Test
    void moreThanConnectionsAndQueueHoldIsToldLaterAndNothingHangs() {
        var narrow = Database.open(
                vertx,
                otherName(),
                new StoreConfig(Optional.empty(), 2, Duration.ofMillis(100), Duration.ofSeconds(20)));
        List<Future<Void>> asked = Stream.generate(
                        () -> Sql.run(narrow.client(), "SELECT pg_sleep(0.01)::text", Map.of())
                                .<Void>mapEmpty())
                .limit(400)
                .toList();
        Future.join(asked).otherwiseEmpty().await();
        assertThat(asked.stream().filter(Future::succeeded)).isNotEmpty();
        assertThat(asked.stream().filter(Future::failed)).isNotEmpty().allSatisfy(this::isLater);
        narrow.close().await();
    }

    /** Nodes share a pool by the server's name; under this one it is another. */
    private String otherName() {
        return server.url().replace("127.0.0.1", "localhost");
    }

    private static Future<?> insertPartner(SqlConnection connection) {
        return Sql.run(connection, "INSERT INTO partners (id, name) VALUES (gen_random_uuid(), 'gone')", Map.of());
    }

    private void assertLater(Future<?> asked) {
        Eventually.eventually(() -> assertThat(asked.isComplete()).isTrue());
        isLater(asked);
    }

    private void isLater(Future<?> asked) {
        assertThat(asked.failed()).isTrue();
        assertThat(asked.cause()).isInstanceOfSatisfying(PlatformException.class, told -> {
            assertThat(told.code()).as("%s", told.getCause()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(told.retryAfter()).isPresent();
        });
    }
}
