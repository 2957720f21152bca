package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Scans.Claim;
import io.scaibunker.store.Scans.Ground;
import io.scaibunker.store.Scans.Scan;
import io.scaibunker.store.Scans.Verdict;
import io.scaibunker.testkit.Seeds.Owner;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScansTest extends StoreFixture {
    private static final Ground GROUND =
            new Ground("1", new JsonObject().put("counts", new JsonObject().put("critical", 3)), "digest");
    private static final Verdict PASSED = new Verdict(ScanStatus.PASSED, null, null, "built-in", GROUND, null);
    private static final Verdict FAILED =
            new Verdict(ScanStatus.FAILED, "FINDINGS", "3 critical", "built-in", GROUND, null);
    private static final Digest ARTIFACT = new Digest("sha256:" + "1".repeat(64));

    private final Owner owner = seeds.owner();
    private final ImageId image = baked(ARTIFACT);

    @Test
    void ofManyThatClaimAtOnceEachScanGoesToOne() {
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

    @Test
    void aScanWaitsForItsBakeAndForNoOther() {
        settleAll();
        ImageId waiting = image(seeds.image(owner));
        UUID worker = seeds.worker();
        UUID group = seeds.group(owner, "tenant", "all");
        seeds.addWorker(group, worker);
        ImageCache.spread(sql, waiting).await();
        assertThat(claim(9).await()).isEmpty();

        seeds.workerIs(worker, "lost");
        assertThat(claim(9).await()).singleElement().returns(Optional.empty(), Claim::artifact);
        seeds.workerIs(worker, "ready");
        run("UPDATE scans SET lease_until = NULL, claimed_by = NULL", Map.of());

        var row = new ImageCache.Answered(worker(worker), waiting, 1);
        ImageCache.failed(sql, row, ErrorCode.SOURCE_NOT_FOUND, "gone").await();
        Claim claim = claim(9).await().getFirst();
        assertThat(claim.bakeError()).contains(new Scans.BakeError("SOURCE_NOT_FOUND", "gone"));
        Scans.settle(sql, claim, new Verdict(ScanStatus.FAILED, "SOURCE_NOT_FOUND", "gone", null, null, null))
                .await();
        assertThat(claim(9).await()).isEmpty();

        bake(waiting, ARTIFACT);
        assertThat(claim(9).await()).singleElement().returns(Optional.of(ARTIFACT), Claim::artifact);
    }

    @Test
    void anImageThatWasBakedAnewIsScannedAnew() {
        settleAll();
        assertThat(claim(9).await()).isEmpty();
        Digest other = new Digest("sha256:" + "2".repeat(64));
        bake(image, other);
        Claim claim = claim(9).await().getFirst();
        assertThat(claim.artifact()).contains(other);
        assertThat(claim.attempts()).isEqualTo(1);
        assertThat(find().previous().orElseThrow().getString("status")).isEqualTo("passed");
    }

    @Test
    void whatTheScannerCouldNotDoIsTriedAgainWhenItsTimeHasCome() {
        var later = new Verdict(ScanStatus.FAILED, "TIMEOUT", "slow", "built-in", null, Duration.ofMinutes(2));
        Scans.settle(sql, claim(1).await().getFirst(), later).await();
        assertThat(claim(9).await()).isEmpty();
        assertThat(find().status()).isEqualTo(ScanStatus.FAILED);
        run("UPDATE scans SET next_try_at = now() - interval '1 second'", Map.of());
        assertThat(claim(9).await()).singleElement().returns(2, Claim::attempts);
        assertThat(find().status()).isEqualTo(ScanStatus.PENDING);
    }

    @Test
    void oneProcessAtATimeHoldsVerdictsAgainstItsBasis() {
        var one = IncarnationId.fresh();
        var other = IncarnationId.fresh();
        assertThat(Scans.lead(sql, one, Duration.ofMinutes(1)).await()).isTrue();
        assertThat(Scans.lead(sql, one, Duration.ofMinutes(1)).await()).isTrue();
        assertThat(Scans.lead(sql, other, Duration.ofMinutes(1)).await()).isFalse();
        run("UPDATE rematches SET lease_until = now() - interval '1 second'", Map.of());
        assertThat(Scans.lead(sql, other, Duration.ofMinutes(1)).await()).isTrue();
        assertThat(Scans.lead(sql, one, Duration.ofMinutes(1)).await()).isFalse();
    }

    @Test
    void verdictsByAnotherBasisAreFoundAndConfirmedOrAmended() {
        ImageId second = baked(ARTIFACT);
        settleAll();
        Inventories.keep(sql, ARTIFACT, new byte[] {1}).await();
        Inventories.keep(sql, ARTIFACT, new byte[] {2}).await();
        assertThat(Inventories.find(sql, ARTIFACT).await().orElseThrow()).containsExactly(1);
        assertThat(Scans.outdated(sql, "1", Optional.empty(), 9).await()).isEmpty();
        List<Scans.Outdated> outdated =
                Scans.outdated(sql, "2", Optional.empty(), 9).await();
        assertThat(outdated).extracting(Scans.Outdated::imageId).containsExactlyInAnyOrder(image, second);
        assertThat(Scans.outdated(sql, "2", Optional.of(outdated.getFirst()), 9).await())
                .extracting(Scans.Outdated::imageId)
                .containsExactly(outdated.getLast().imageId());

        Scans.confirm(sql, List.of(outdated.getFirst().imageId()), "2", new JsonArray().add("x"))
                .await();
        var worse =
                new Verdict(ScanStatus.FAILED, "FINDINGS", "1", "b", new Ground("2", new JsonObject(), "other"), null);
        assertThat(Scans.amend(sql, outdated.getLast(), worse).await()).isTrue();
        assertThat(Scans.outdated(sql, "2", Optional.empty(), 9).await()).isEmpty();

        Scans.askAgain(sql, outdated.getLast().imageId()).await();
        assertThat(Scans.amend(sql, outdated.getLast(), worse).await()).isFalse();
    }

    @Test
    void nothingPassesWithoutSomethingThatWasLookedAt() {
        var claim = claim(1).await().getFirst();
        var baseless = new Verdict(ScanStatus.PASSED, null, null, "x", null, null);
        assertThatThrownBy(() -> Scans.settle(sql, claim, baseless).await())
                .hasStackTraceContaining("no_pass_without_proof");
    }

    private ImageId baked(Digest artifact) {
        ImageId made = image(seeds.image(owner));
        bake(made, artifact);
        return made;
    }

    private void bake(ImageId baked, Digest artifact) {
        Artifacts.record(
                        sql,
                        baked,
                        new Artifacts.Artifact(artifact.hex() + "-fingerprint", artifact, artifact, 1, 1, 1))
                .await();
    }

    private void settleAll() {
        claim(99).await().forEach(claim -> Scans.settle(sql, claim, PASSED).await());
    }

    private Future<List<Claim>> claim(int limit) {
        return Scans.claim(sql, IncarnationId.fresh(), Duration.ofMinutes(10), limit);
    }

    private Scan find() {
        return Scans.find(sql, image).await().orElseThrow();
    }
}
