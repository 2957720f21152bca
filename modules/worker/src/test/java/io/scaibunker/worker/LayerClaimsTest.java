package io.scaibunker.worker;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LayerClaimsTest {
    private final LayerClaims claims = new LayerClaims();

    @Test
    void whatOneUnpacksAnotherWaitsFor() throws Exception {
        var first = claims.claim(Set.of("base", "one"));
        claims.claim(Set.of("else")).close();
        try (var threads = Executors.newCachedThreadPool()) {
            var waiting = new Thread[1];
            var second = threads.submit(() -> {
                waiting[0] = Thread.currentThread();
                return claims.claim(Set.of("base", "two"));
            });
            eventually(() -> assertThat(waiting[0].getState()).isEqualTo(Thread.State.WAITING));
            first.close();
            second.get(10, TimeUnit.SECONDS).close();
        }
        claims.claim(Set.of("base", "one", "two")).close();
    }

    @Test
    void whoIsInterruptedWaitsNoMore() {
        var first = claims.claim(Set.of("base"));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> claims.claim(Set.of("base"))).isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
        first.close();
    }
}
