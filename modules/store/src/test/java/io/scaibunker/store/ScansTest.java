package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Scans.Claim;
import io.scaibunker.store.Scans.Scan;
import io.scaibunker.store.Scans.Verdict;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScansTest extends StoreFixture {
    private static final Verdict PASSED = new Verdict(ScanStatus.PASSED, null, null, "built-in");
    private static final Verdict FAILED = new Verdict(ScanStatus.FAILED, "FINDINGS", "3 critical", "built-in");

    private final ImageId image = image(seeds.image(seeds.owner()));

    @Test
    void ofManyThatClaimAtOnceEachScanGoesToOne() {
        var owner = seeds.owner();
        Stream.generate(() -> seeds.image(owner)).limit(9).forEach(made -> {});
        var claims = Stream.generate(() -> claim(3)).limit(6).toList();
        Future.all(claims).await();
        assertThat(claims.stream().flatMap(done -> done.result().stream()).map(Claim::imageId))
                .hasSize(10)
                .doesNotHaveDuplicates();
    }

    @Test
    void aClaimBelongsToItsClaimerUntilTheLeaseEnds() {
        assertThat(claim(9).await()).hasSize(1);
        assertThat(claim(9).await()).isEmpty();
        run("UPDATE scans SET lease_until = now() - interval '1 second'", Map.of());
        assertThat(claim(9).await()).hasSize(1);
    }

    @Test
    void aScanAskedAgainMeanwhileMakesTheOlderVerdictVoid() {
        Claim older = claim(1).await().getFirst();
        Scans.askAgain(sql, image).await();
        assertThat(Scans.settle(sql, older, PASSED).await()).isFalse();
        Claim newer = claim(1).await().getFirst();
        assertThat(Scans.settle(sql, newer, FAILED).await()).isTrue();
        assertThat(Scans.settle(sql, older, PASSED).await()).isFalse();
        assertThat(find()).returns(ScanStatus.FAILED, Scan::status).returns(Optional.of("FINDINGS"), Scan::reason);
    }

    @Test
    void theVerdictBeforeIsSeenWhileANewOneIsPending() {
        Scans.settle(sql, claim(1).await().getFirst(), FAILED).await();
        Scans.askAgain(sql, image).await();
        Scans.askAgain(sql, image).await();
        assertThat(find().previous().orElseThrow().getString("status")).isEqualTo("failed");
        assertThat(find().previous().orElseThrow().getString("reason")).isEqualTo("FINDINGS");
        assertThat(find()).returns(Optional.empty(), Scan::reason).returns(Optional.empty(), Scan::finishedAt);
        Scans.settle(sql, claim(1).await().getFirst(), PASSED).await();
        assertThat(find()).returns(Optional.empty(), Scan::previous).returns(ScanStatus.PASSED, Scan::status);
    }

    @Test
    void awaitingAScanTwiceIsAwaitingItOnce() {
        Scans.await(sql, image).await();
        assertThat(find().generation()).isEqualTo(1);
    }

    private Future<List<Claim>> claim(int limit) {
        return Scans.claim(sql, IncarnationId.fresh(), Duration.ofMinutes(10), limit);
    }

    private Scan find() {
        return Scans.find(sql, image).await().orElseThrow();
    }
}
