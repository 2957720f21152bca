package io.scaibunker.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TestDatabaseTest {
    @Test
    void eachDatabaseIsACopyOfItsOwnAndTheTemplateIsPreparedOnce() {
        var prepared = new AtomicInteger();
        try (var one = copy(prepared);
                var other = copy(prepared)) {
            one.execute("INSERT INTO things VALUES (1)");

            assertThat(one.rows("SELECT count(*) AS n FROM things")).containsExactly(Map.of("n", 1L));
            assertThat(other.rows("SELECT * FROM things")).isEmpty();
            assertThat(prepared).hasValue(1);
        }
    }

    @Test
    void aDatabaseCanBeTakenAwayAndGivenBack() {
        try (var database = TestDatabase.empty()) {
            database.refuseConnections(true);
            assertThatThrownBy(() -> database.execute("SELECT 1")).isInstanceOf(IllegalStateException.class);

            database.refuseConnections(false);
            database.execute("SELECT 1");
        }
    }

    @Test
    void waitingEndsWithTheStateOrWithTheLastOneSeen() {
        var counter = new AtomicInteger();
        assertThat(Eventually.eventually("counts", Duration.ofSeconds(5), counter::incrementAndGet, n -> n > 3))
                .isEqualTo(4);
        assertThatThrownBy(() -> Eventually.eventually("never", Duration.ofMillis(50), () -> "still here", s -> false))
                .hasMessageContaining("never: not within PT0.05S; last seen: still here");
    }

    private static TestDatabase copy(AtomicInteger prepared) {
        return TestDatabase.copyOf("things", database -> {
            database.execute("CREATE TABLE things (id int)");
            prepared.incrementAndGet();
        });
    }
}
