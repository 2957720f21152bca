package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.store.Events.Event;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventsTest extends StoreFixture {
    private final UUID image = seeds.image(seeds.owner());
    private final UUID worker = seeds.worker();

    private List<String> told(UUID subject) {
        return Events.of(sql, subject, 0, Long.MAX_VALUE, 100).await().stream()
                .map(Event::kind)
                .toList();
    }

    @Test
    void whatDidNotChangeIsNoEventAndABatchOfChangesIsOneEach() {
        var group = seeds.group(seeds.owner());
        seeds.addImage(group, image);
        seeds.addWorker(group, worker);
        ImageCache.spreadAll(sql).await();
        assertThat(told(image)).containsExactly("image", "scan", "cache");

        run("UPDATE image_cache SET updated_at = now()", Map.of());
        run("UPDATE images SET description = 'new words'", Map.of());
        ImageCache.spreadAll(sql).await();
        assertThat(told(image)).containsExactly("image", "scan", "cache");

        run("UPDATE image_cache SET status = 'building', phase = 'baking'", Map.of());
        Scans.askAgain(sql, image(image)).await();
        assertThat(told(image)).containsExactly("image", "scan", "cache", "cache", "scan");
    }

    @Test
    void aChangeThatIsTakenBackIsNoEvent() {
        int before = told(image).size();
        database.inTransaction(sql -> Images.deactivate(sql, image(image))
                        .compose(done -> io.vertx.core.Future.failedFuture(new IllegalStateException("no"))))
                .otherwiseEmpty()
                .await();
        assertThat(told(image)).hasSize(before);
    }

    @Test
    void theOldAndTheManyAreSweptAndTheLogSaysHowFarItReaches() {
        run("UPDATE images SET manifest_digest = 'a'", Map.of());
        run("UPDATE images SET manifest_digest = 'b'", Map.of());
        long last = Events.last(sql).await().events().getFirst().id();
        assertThat(Events.reachesBackTo(sql, 0).await()).isTrue();

        assertThat(Events.sweep(sql, Duration.ofDays(1), 1_000).await()).isZero();
        assertThat(Events.sweep(sql, Duration.ofDays(1), 1).await()).isEqualTo((int) last - 1);
        assertThat(Events.reachesBackTo(sql, last - 1).await()).isTrue();
        assertThat(Events.reachesBackTo(sql, last - 2).await()).isFalse();

        run("UPDATE events SET at = now() - interval '2 days'", Map.of());
        assertThat(Events.sweep(sql, Duration.ofDays(1), 1_000).await()).isEqualTo(1);
        assertThat(Events.look(sql, 0, 10).await().events()).isEmpty();
    }
}
