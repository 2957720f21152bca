package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.pgclient.PgException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What must never be is refused by the database itself, by name. */
class ConstraintsTest extends StoreFixture {
    private static final Map<String, String> VIOLATIONS = Map.ofEntries(
            Map.entry("deactivated_iff_dated", "UPDATE images SET status = 'deactivated'"),
            Map.entry("nothing_freed_twice", "UPDATE workers SET allocated_memory_mb = -1"),
            Map.entry("error_iff_failed", "UPDATE image_cache SET status = 'failed'"),
            Map.entry("artifact_iff_ready", "UPDATE image_cache SET status = 'ready'"),
            Map.entry("phase_only_while_building", "UPDATE image_cache SET phase = 'baking'"),
            Map.entry("reason_iff_failed", "UPDATE scans SET status = 'failed'"),
            Map.entry("lease_only_while_pending", "UPDATE scans SET status = 'passed', lease_until = now()"),
            Map.entry("no_pass_without_proof", "UPDATE scans SET status = 'passed', artifact_digest = 'x'"),
            Map.entry("failure_iff_failed", "UPDATE bunkers SET failure_code = 'INTERNAL'"),
            Map.entry("room_until_the_end", "UPDATE bunkers SET booked = false"),
            Map.entry("deadline_only_while_draining", "UPDATE workers SET drain_until = now()"),
            Map.entry("nothing_given_back_twice", "UPDATE quota_usage SET bunkers = -1"),
            Map.entry("user_only_in_a_tenant", """
                    INSERT INTO quota_profiles (id, name, bucket, user_id) SELECT id, 'q', 'user', id FROM users LIMIT 1
                    """),
            Map.entry("snapshot_error_iff_failed", "UPDATE snapshots SET status = 'failed'"),
            Map.entry("snapshot_has_what_it_says", "UPDATE snapshots SET status = 'ready'"),
            Map.entry("snapshot_gone_only_unwanted", "UPDATE snapshots SET status = 'deleted'"),
            Map.entry("access_concerns_all", "UPDATE events SET kind = 'access'"),
            Map.entry("ended_iff_dated", "UPDATE bunkers SET ended_at = now(), ended_reason = 'deleted'"),
            Map.entry(
                    "ended_for_a_reason",
                    "UPDATE bunkers SET status = 'terminated', booked = false, ended_at = now()"));

    @Test
    void everyNamedRuleHolds() {
        var owner = seeds.owner();
        var image = seeds.image(owner);
        var worker = seeds.worker();
        run(
                "INSERT INTO image_cache (image_id, worker_id) VALUES (:image, :worker)",
                Map.of("image", image, "worker", worker));
        run("""
                INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, cpu_millicores, memory_mb, disk_mb)
                VALUES (:worker, :tenant, :user, 'b', :image, :worker, 1, 1, 1)
                """, Map.of("worker", worker, "tenant", owner.tenant(), "user", owner.user(), "image", image));

        run("""
                INSERT INTO snapshots (id, tenant_id, user_id, bunker_id, image_id, worker_id)
                SELECT id, tenant_id, user_id, id, image_id, worker_id FROM bunkers
                """, Map.of());

        VIOLATIONS.forEach((name, statement) -> assertThatThrownBy(() -> run(statement, Map.of()))
                .as(name)
                .isInstanceOf(PlatformException.class)
                .hasCauseInstanceOf(PgException.class)
                .cause()
                .hasMessageContaining("\"" + name + "\""));
    }

    @Test
    void noRuleOfTheTablesIsForgottenHere() {
        var named = new TreeSet<>(
                Sql.list(sql, """
                        SELECT conname AS name FROM pg_constraint
                         WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conname NOT LIKE '%\\_check%'
                           AND conrelid <> 'flyway_schema_history'::regclass
                        """, Map.of(), row -> row.getString("name")).await());
        assertThat(named).isEqualTo(new TreeSet<>(VIOLATIONS.keySet()));
    }

    @Test
    void wordsThatAreNoStatusAreRefused() {
        seeds.worker();
        assertThatThrownBy(() -> run("UPDATE workers SET status = 'asleep'", Map.of()))
                .isInstanceOf(PlatformException.class);
    }

    @Test
    void aNameTakenIsToldAsSuch() {
        var owner = seeds.owner();
        seeds.image(owner);
        seeds.image(owner);
        var taken = catchThrowableOfType(
                PlatformException.class, () -> run("UPDATE images SET name = 'the-same'", Map.of()));
        assertThat(taken.code()).isEqualTo(ErrorCode.IMAGE_NAME_TAKEN);
        assertThat(taken.getCause()).isInstanceOf(PgException.class);
    }

    @Test
    void aMistakeOfOursTellsNoInnerWords() {
        var mistake = catchThrowableOfType(PlatformException.class, () -> run("SELECT no_such_column", Map.of()));
        assertThat(mistake.code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(mistake.text()).doesNotContain("no_such_column");
        assertThat(mistake).cause().hasMessageContaining("no_such_column");
    }

    @Test
    void aParameterWithoutValueIsAMistake() {
        assertThatThrownBy(() -> run("SELECT :missing::text", Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(":missing");
        assertThat(text("SELECT '12:30'::time::text")).isEqualTo("12:30:00");
    }

    @Test
    void migratingTwiceIsMigratingOnce() {
        Migrations.run(server.url());
        assertThat(Set.of(text("SELECT count(*)::text FROM flyway_schema_history")))
                .isNotEmpty();
    }
}
