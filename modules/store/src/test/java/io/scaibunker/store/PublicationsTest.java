package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.IncarnationId;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PublicationsTest extends StoreFixture {
    private static final Duration LEASE = Duration.ofMinutes(1);

    private final IncarnationId first = IncarnationId.fresh();
    private final IncarnationId second = IncarnationId.fresh();

    @Test
    void oneAtATimePublishesAndTheNextGoesOnWhereItEnded() {
        seeds.image(seeds.owner());
        long last = Events.lastId(sql).await();
        assertThat(Publications.claim(sql, first, LEASE).await()).contains(last);
        assertThat(Publications.claim(sql, second, LEASE).await()).isEmpty();
        assertThat(Publications.advance(sql, first, last + 5, LEASE).await()).isTrue();

        assertThat(Publications.giveUp(sql, first, last + 6).await()).isTrue();
        assertThat(Publications.claim(sql, second, LEASE).await()).contains(last + 6);
        assertThat(Publications.advance(sql, first, last + 9, LEASE).await()).isFalse();
        assertThat(Publications.claim(sql, first, LEASE).await()).isEmpty();

        run("UPDATE publications SET lease_until = now() - interval '1 second'", Map.of());
        assertThat(Publications.claim(sql, first, LEASE).await()).contains(last + 6);
        // Who has lost sight of its lease asks again, and hears where it was.
        assertThat(Publications.claim(sql, first, LEASE).await()).contains(last + 6);
    }
}
