package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts.Artifact;
import io.scaibunker.store.Bookings.Booking;
import io.scaibunker.store.ImageCache.Answered;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.ImageCache.Wanted;
import io.scaibunker.testkit.Seeds.Owner;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ImageCacheTest extends StoreFixture {
    private static final Digest DIGEST = new Digest("sha256:" + "1".repeat(64));
    private static final Digest OTHER = new Digest("sha256:" + "2".repeat(64));
    private static final IncarnationId RUN = IncarnationId.fresh();

    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private final UUID group = seeds.group(owner);
    private final UUID first = seeds.worker();
    private final UUID second = seeds.worker();

    @Test
    void registeringTargetsEveryWorkerOfTheGroupsThatCoverTheImage() {
        target(first, second);
        assertThat(spread()).isEqualTo(new WarmCounts(2, 0, 0, 0));
        assertThat(rows()).allMatch(row -> row.wanted() && row.status() == CacheStatus.PENDING);
        assertThat(rows()).allMatch(row -> row.groups().equals(List.of(group)));
    }

    @Test
    void spreadingTwiceChangesNothing() {
        target(first, second);
        spread();
        String before = whole();
        assertThat(spread()).isEqualTo(new WarmCounts(2, 0, 0, 0));
        ImageCache.spreadAll(sql).await();
        assertThat(whole()).isEqualTo(before);
    }

    @Test
    void anImageThatNobodyAsksForHasNoRows() {
        assertThat(spread()).isEqualTo(WarmCounts.NONE);
    }

    @Test
    void aTenantsGroupOfPolicyAllCoversWhatTheTenantSees() {
        Owner neighbour = seeds.neighbour(owner);
        Owner stranger = seeds.owner();
        var seen = Stream.of(
                        image,
                        seeds.image(owner, "partner"),
                        seeds.image(owner, "platform"),
                        seeds.image(neighbour, "partner"),
                        seeds.image(stranger, "platform"))
                .map(ImageId::new)
                .toList();
        seeds.image(neighbour, "tenant");
        seeds.image(stranger, "tenant");
        seeds.image(stranger, "partner");
        seeds.deactivate(seeds.image(owner));
        seeds.addWorker(seeds.group(owner, "tenant", "all"), first);
        ImageCache.spreadAll(sql).await();
        assertThat(wanted(first)).extracting(Wanted::imageId).containsExactlyInAnyOrderElementsOf(seen);
    }

    @Test
    void aPlatformGroupOfPolicyAllCoversWhatIsThePlatforms() {
        var shared = image(seeds.image(owner, "platform"));
        seeds.image(owner, "partner");
        seeds.addWorker(seeds.group(owner, "platform", "all"), first);
        ImageCache.spreadAll(sql).await();
        assertThat(wanted(first)).extracting(Wanted::imageId).containsExactly(shared);
    }

    @Test
    void twoGroupsThatAskForTheSameShareOneRow() {
        target(first);
        var other = seeds.group(owner, "tenant", "all");
        seeds.addWorker(other, first);
        assertThat(spread().queued()).isEqualTo(1);
        assertThat(rows().getFirst().groups()).containsExactlyInAnyOrder(group, other);

        seeds.removeWorker(group, first);
        assertThat(cancel()).isEmpty();
        assertThat(rows().getFirst().wanted()).isTrue();

        seeds.removeWorker(other, first);
        assertThat(cancel()).containsExactly(worker(first));
        assertThat(rows().getFirst()).returns(false, CacheRow::wanted).returns(CacheStatus.EVICTED, CacheRow::status);
    }

    @Test
    void aReadyCopyStaysWhileAnyGroupAsksForIt() {
        target(first);
        var other = seeds.group(owner);
        seeds.addImage(other, image);
        seeds.addWorker(other, first);
        spread();
        ready(first);
        seeds.removeImage(group, image);
        assertThat(ImageCache.releaseReady(sql).await()).isEmpty();
        seeds.removeImage(other, image);
        assertThat(cancel()).isEmpty();
        assertThat(ImageCache.releaseReady(sql).await()).containsExactly(worker(first));
        assertThat(ImageCache.releaseReady(sql).await()).isEmpty();
        assertThat(wanted(first).getFirst())
                .returns(false, Wanted::wanted)
                .returns(CacheStatus.READY, Wanted::status)
                .returns(2L, Wanted::generation);
    }

    @Test
    void whatWasLetGoAndIsAskedAgainIsPendingAnew() {
        target(first);
        spread();
        ready(first);
        seeds.removeImage(group, image);
        ImageCache.releaseReady(sql).await();
        assertThat(ImageCache.evicted(sql, row(first, 2)).await()).isTrue();
        assertThat(wanted(first)).isEmpty();

        seeds.addImage(group, image);
        assertThat(spread()).isEqualTo(new WarmCounts(1, 0, 0, 0));
        assertThat(rows().getFirst())
                .returns(CacheStatus.PENDING, CacheRow::status)
                .returns(3L, CacheRow::generation)
                .returns(Optional.empty(), CacheRow::artifactDigest);
    }

    @Test
    void aCopyAskedAgainBeforeItWasLetGoIsReadyStill() {
        target(first);
        spread();
        ready(first);
        seeds.removeImage(group, image);
        ImageCache.releaseReady(sql).await();
        seeds.addImage(group, image);
        assertThat(spread()).isEqualTo(new WarmCounts(0, 1, 0, 0));
        assertThat(ImageCache.evicted(sql, row(first, 2)).await()).isFalse();
    }

    @Test
    void aBuildThatFailedWhileUnwantedIsTriedWhenWantedAgain() {
        target(first);
        spread();
        building(first, 1, RUN);
        seeds.removeImage(group, image);
        cancel();
        assertThat(ImageCache.failed(sql, row(first, 2), ErrorCode.CANCELLED, "cancelled")
                        .await())
                .isTrue();
        seeds.addImage(group, image);
        assertThat(spread()).isEqualTo(new WarmCounts(1, 0, 0, 0));
    }

    @Test
    void lostWorkersCountAsSkipped() {
        target(first, second);
        seeds.workerIs(second, "lost");
        assertThat(spread()).isEqualTo(new WarmCounts(1, 0, 0, 1));
        assertThat(ImageCache.workersToTell(sql).await()).containsExactly(worker(first));
    }

    @Test
    void warmingAsksAgainForWhatFailedAndLeavesTheRest() {
        var third = seeds.worker();
        target(first, second, third);
        spread();
        ready(first);
        fail(second, ErrorCode.SOURCE_AUTH);
        building(third, 1, RUN);
        assertThat(warm()).isEqualTo(new WarmCounts(2, 1, 0, 0));
        assertThat(rowOf(first).generation()).isEqualTo(1);
        assertThat(rowOf(third).generation()).isEqualTo(1);
        assertThat(rowOf(second))
                .returns(CacheStatus.PENDING, CacheRow::status)
                .returns(2L, CacheRow::generation)
                .returns(0, CacheRow::attempts)
                .returns(Optional.empty(), CacheRow::errorCode);
        String before = whole();
        assertThat(warm()).isEqualTo(new WarmCounts(2, 1, 0, 0));
        assertThat(whole()).isEqualTo(before);
    }

    @Test
    void warmingSomeWorkersCountsAndAsksThoseAlone() {
        target(first, second);
        spread();
        fail(first, ErrorCode.SOURCE_AUTH);
        fail(second, ErrorCode.SOURCE_AUTH);
        assertThat(ImageCache.askAgain(sql, image(image), Optional.of(List.of(worker(first))))
                        .await())
                .isEqualTo(new WarmCounts(1, 0, 0, 0));
        assertThat(rowOf(second).status()).isEqualTo(CacheStatus.FAILED);
    }

    @Test
    void aBunkerPlacedBeforeItsCopyMakesTheCopyWantedUntilItEnds() {
        var lazy = image(seeds.lazyImage(owner));
        var id = BunkerId.fresh();
        assertThat(Bookings.book(sql, List.of(booking(id, lazy))).await())
                .extracting(Bookings.Outcome::fate)
                .containsExactly(Bookings.Fate.BOOKED);
        assertThat(ImageCache.spread(sql, lazy).await()).isEqualTo(new WarmCounts(1, 0, 0, 0));
        assertThat(cancel()).isEmpty();
        var row = new Answered(worker(first), lazy, 1);
        assertThat(ImageCache.ready(sql, row, RUN, DIGEST).await()).isTrue();
        assertThat(ImageCache.releaseReady(sql).await()).isEmpty();

        assertThat(Bunkers.end(sql, worker(first), id, EndReason.DELETED).await())
                .isTrue();
        assertThat(ImageCache.releaseReady(sql).await()).containsExactly(worker(first));
    }

    @Test
    void deactivatingCancelsWhatIsUnderWayAndTheSweepLetsGoOfTheRest() {
        var third = seeds.worker();
        target(first, second, third);
        spread();
        ready(first);
        building(second, 1, RUN);
        seeds.deactivate(image);
        assertThat(ImageCache.cancelUnasked(sql, Optional.of(image(seeds.image(owner))))
                        .await())
                .isEmpty();
        assertThat(ImageCache.cancelUnasked(sql, Optional.of(image(image))).await())
                .containsExactlyInAnyOrder(worker(second), worker(third));
        assertThat(rowOf(third)).returns(CacheStatus.EVICTED, CacheRow::status).returns(false, CacheRow::wanted);
        assertThat(rowOf(second))
                .returns(CacheStatus.BUILDING, CacheRow::status)
                .returns(false, CacheRow::wanted);
        assertThat(rowOf(first)).returns(CacheStatus.READY, CacheRow::status).returns(true, CacheRow::wanted);
        assertThat(ImageCache.workersToTell(sql).await()).containsExactly(worker(second));
        assertThat(ImageCache.evicted(sql, row(second, 2)).await()).isTrue();
        assertThat(ImageCache.releaseReady(sql).await()).containsExactly(worker(first));
        assertThat(ImageCache.workersToTell(sql).await()).containsExactly(worker(first));
    }

    @Test
    void aReportOfAnEarlierGenerationChangesNothing() {
        target(first);
        spread();
        fail(first, ErrorCode.SOURCE_AUTH);
        warm();
        String before = whole();
        var late = row(first, 1);
        assertThat(Future.all(List.of(
                                ImageCache.building(sql, late, RUN, CachePhase.BAKING),
                                ImageCache.ready(sql, late, RUN, DIGEST),
                                ImageCache.failed(sql, late, ErrorCode.INTERNAL, "late"),
                                ImageCache.pendingAgain(sql, late),
                                ImageCache.evicted(sql, late)))
                        .await()
                        .<Boolean>list())
                .containsOnly(false);
        assertThat(whole()).isEqualTo(before);
    }

    @Test
    void pausesDoubleFromFiveSecondsToTenMinutesAndEndWithTheLastTry() {
        target(first);
        spread();
        List<Integer> pauses = new ArrayList<>();
        for (int attempts = 0; attempts < ImageCache.ATTEMPTS_MAX; attempts++) {
            run(
                    "UPDATE image_cache SET status = 'pending', error_code = NULL, attempts = :attempts",
                    Map.of("attempts", attempts));
            fail(first, ErrorCode.SOURCE_UNREACHABLE);
            pauses.add(Integer.parseInt(
                    text("SELECT round(extract(epoch FROM next_try_at - updated_at))::text FROM image_cache")));
        }
        assertThat(pauses).containsExactly(5, 10, 20, 40, 80, 160, 320, 600);
        run("UPDATE image_cache SET status = 'pending', error_code = NULL, attempts = 8", Map.of());
        fail(first, ErrorCode.SOURCE_UNREACHABLE);
        assertThat(text("SELECT (next_try_at IS NULL)::text FROM image_cache")).isEqualTo("true");
    }

    @Test
    void whatFailedForGoodIsNotTriedByItself() {
        target(first);
        spread();
        fail(first, ErrorCode.SOURCE_NOT_FOUND);
        run("UPDATE image_cache SET updated_at = now() - interval '1 day'", Map.of());
        ImageCache.retryDue(sql).await();
        assertThat(rowOf(first).status()).isEqualTo(CacheStatus.FAILED);
    }

    @Test
    void whatFailedIsPendingAgainOnlyWhenItsPauseIsOver() {
        target(first);
        spread();
        fail(first, ErrorCode.SOURCE_UNREACHABLE);
        ImageCache.retryDue(sql).await();
        assertThat(rowOf(first).status()).isEqualTo(CacheStatus.FAILED);
        run("UPDATE image_cache SET next_try_at = now() - interval '1 second'", Map.of());
        ImageCache.retryDue(sql).await();
        assertThat(rowOf(first)).returns(CacheStatus.PENDING, CacheRow::status).returns(1L, CacheRow::generation);
    }

    @Test
    void onlyAnotherRunOfTheWorkerCountsAsAnotherTry() {
        target(first);
        spread();
        assertThat(building(first, 1, RUN)).isTrue();
        assertThat(building(first, 1, RUN)).isTrue();
        assertThat(rowOf(first).attempts()).isEqualTo(1);
        for (int i = 2; i <= ImageCache.ATTEMPTS_MAX; i++) {
            assertThat(building(first, 1, IncarnationId.fresh())).isTrue();
            assertThat(rowOf(first).attempts()).isEqualTo(i);
        }
        assertThat(building(first, 1, IncarnationId.fresh())).isFalse();
    }

    @Test
    void aWorkerThatDiedTooOftenIsGivenUpAndNoSooner() {
        target(first);
        spread();
        run("UPDATE image_cache SET attempts = 7", Map.of());
        assertThat(building(first, 1, runOf(worker(first)))).isTrue();
        ImageCache.giveUp(sql).await();
        assertThat(rowOf(first).status()).isEqualTo(CacheStatus.BUILDING);

        Workers.beat(sql, Beats.of(worker(first))).await();
        ImageCache.giveUp(sql).await();
        assertThat(rowOf(first))
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), CacheRow::errorCode);
        assertThat(rowOf(first).errorMessage())
                .hasValueSatisfying(text -> assertThat(text).contains("8 times"));
    }

    @Test
    void aReadyCopyEndsTheCountOfTries() {
        target(first);
        spread();
        building(first, 1, RUN);
        ready(first);
        assertThat(rowOf(first).attempts()).isZero();
        assertThat(ImageCache.pendingAgain(sql, row(first, 1)).await()).isTrue();
        assertThat(rowOf(first)).returns(CacheStatus.PENDING, CacheRow::status);
    }

    @Test
    void aPageBeginsBehindTheLastImageOfTheOneBefore() {
        var policy = seeds.group(owner, "tenant", "all");
        seeds.addWorker(policy, first);
        IntStream.range(0, 6).forEach(i -> seeds.image(owner));
        ImageCache.spreadAll(sql).await();
        var all = wanted(first);
        assertThat(all)
                .hasSize(7)
                .isSortedAccordingTo(
                        (a, b) -> a.imageId().toString().compareTo(b.imageId().toString()));
        var behind = ImageCache.wantedOf(
                        sql, worker(first), Optional.of(all.get(2).imageId()), 3)
                .await();
        assertThat(behind)
                .extracting(Wanted::imageId)
                .containsExactlyElementsOf(
                        all.subList(3, 6).stream().map(Wanted::imageId).toList());
    }

    @Test
    void aTenantsSecretIsForTheBakerAtItsGenerationAlone() {
        target(first, second);
        spread();
        assertThat(ImageCache.buildsFor(sql, row(first, 1)).await()).isEmpty();
        lease(first, Duration.ofMinutes(1));
        assertThat(ImageCache.buildsFor(sql, row(second, 1)).await()).isEmpty();
        assertThat(ImageCache.buildsFor(sql, row(first, 1)).await()).contains(new TenantId(owner.tenant()));
        building(first, 1, RUN);
        assertThat(ImageCache.buildsFor(sql, row(first, 1)).await()).isPresent();
        lease(first, Duration.ofMinutes(-1));
        assertThat(ImageCache.buildsFor(sql, row(first, 1)).await()).isEmpty();
        lease(first, Duration.ofMinutes(1));
        assertThat(ImageCache.buildsFor(sql, row(first, 2)).await()).isEmpty();
        assertThat(ImageCache.buildsFor(sql, new Answered(WorkerId.fresh(), image(image), 1))
                        .await())
                .isEmpty();
        ready(first);
        assertThat(ImageCache.buildsFor(sql, row(first, 1)).await()).isEmpty();
        seeds.deactivate(image);
        cancel();
        assertThat(ImageCache.buildsFor(sql, row(second, 2)).await()).isEmpty();
    }

    @Test
    void aLeaseThatIsOverIsForgottenUnlessItsHolderIsAtIt() {
        target(first, second);
        spread();
        lease(first, Duration.ofMinutes(-1));
        building(first, 1, RUN);
        Bakes.forgetExpired(sql).await();
        assertThat(Bakes.release(sql, worker(first), image(image)).await()).isTrue();

        lease(second, Duration.ofMinutes(-1));
        Bakes.forgetExpired(sql).await();
        assertThat(Bakes.release(sql, worker(second), image(image)).await()).isFalse();

        lease(second, Duration.ofMinutes(1));
        Bakes.forgetExpired(sql).await();
        assertThat(Bakes.release(sql, worker(second), image(image)).await()).isTrue();
    }

    private void lease(UUID worker, Duration length) {
        var holder = new Bakes.Holder(worker(worker), RUN, image(image));
        assertThat(Bakes.acquire(sql, "image:" + image(image), holder, length).await())
                .isTrue();
    }

    @Test
    void ofDigestsToldAtOnceOneIsPinned() {
        var told = Stream.iterate(1, i -> i + 1)
                .limit(9)
                .map(i -> Artifacts.pin(sql, image(image), new Digest("sha256:" + ("" + i).repeat(64))))
                .toList();
        Future.all(told).await();
        assertThat(told.stream().map(answer -> answer.result().orElseThrow()).distinct())
                .hasSize(1);
        assertThat(Artifacts.pin(sql, ImageId.fresh(), DIGEST).await()).isEmpty();
    }

    @Test
    void anImageIsUsableWithItsFirstCopyAndCompleteWithItsLastWhateverIsLost() {
        target(first, second);
        spread();
        assertThat(readiness()).isEqualTo(new ImageCache.Readiness(0, 2, 0, Optional.empty(), Optional.empty()));
        ready(second);
        server.execute("UPDATE image_cache SET ready_at = '2026-01-01T00:00:00Z' WHERE status = 'ready'");
        assertThat(readiness().usableAt().orElseThrow().toInstant()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(readiness())
                .returns(1, ImageCache.Readiness::ready)
                .returns(2, ImageCache.Readiness::targeted)
                .returns(Optional.empty(), ImageCache.Readiness::completeAt);
        ready(first);
        assertThat(readiness().usableAt().orElseThrow().toInstant()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(readiness().completeAt().orElseThrow().toInstant()).isAfter("2026-01-01T00:00:01Z");
        assertThat(readiness()).returns(2, ImageCache.Readiness::ready);

        seeds.workerIs(first, "lost");
        assertThat(readiness())
                .returns(1, ImageCache.Readiness::ready)
                .returns(1, ImageCache.Readiness::targeted)
                .returns(1, ImageCache.Readiness::lost);
        assertThat(readiness().completeAt()).isEqualTo(readiness().usableAt());
        assertThat(ImageCache.readiness(sql, List.of(image(image))).await()).containsEntry(image(image), readiness());
    }

    private ImageCache.Readiness readiness() {
        return ImageCache.readiness(sql, image(image)).await();
    }

    private Digest record(Digest made) {
        return Artifacts.record(sql, image(image), new WorkerId(first), new Artifact("fp:1", OTHER, made, 64, 32, 7))
                .await();
    }

    @Test
    void theFirstBakeOfAnInputIsKeptWhileAnybodyHasIt() {
        target(first);
        spread();
        ready(first);
        assertThat(record(DIGEST)).isEqualTo(DIGEST);
        assertThat(record(OTHER)).isEqualTo(DIGEST);
        assertThat(text("SELECT digest FROM artifacts")).isEqualTo(DIGEST.text());
        assertThat(text("SELECT fingerprint FROM images")).isEqualTo("fp:1");

        assertThat(ImageCache.pendingAgain(sql, row(first, 1)).await()).isTrue();
        assertThat(record(OTHER)).isEqualTo(OTHER);
        assertThat(text("SELECT digest FROM artifacts")).isEqualTo(OTHER.text());
    }

    /** A worker that is stopped in order, again and again, while it builds: a try that it gave back does not count. */
    @Test
    void workThatIsGivenBackIsNoTryAndNoRowIsStuck() {
        target(first);
        spread();
        for (int stop = 0; stop < 2 * ImageCache.ATTEMPTS_MAX; stop++) {
            assertThat(building(first, 1, IncarnationId.fresh())).isTrue();
            assertThat(ImageCache.pendingAgain(sql, row(first, 1)).await()).isTrue();
            ImageCache.giveUp(sql).await();
            assertThat(rowOf(first))
                    .returns(CacheStatus.PENDING, CacheRow::status)
                    .returns(0, CacheRow::attempts);
        }
        // What an earlier version has left so is not taken up by anybody: it says so and waits for a warm.
        server.execute("UPDATE image_cache SET attempts = 8");
        assertThat(building(first, 1, RUN)).isFalse();
        ImageCache.giveUp(sql).await();
        assertThat(rowOf(first))
                .returns(CacheStatus.FAILED, CacheRow::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), CacheRow::errorCode);
        assertThat(warm()).isEqualTo(new WarmCounts(1, 0, 0, 0));
        assertThat(building(first, 2, RUN)).isTrue();
    }

    @Test
    void aLostFileGivesNoTryBack() {
        target(first);
        spread();
        building(first, 1, RUN);
        server.execute("UPDATE image_cache SET attempts = 3");
        ready(first);
        server.execute("UPDATE image_cache SET attempts = 3");
        assertThat(ImageCache.pendingAgain(sql, row(first, 1)).await()).isTrue();
        assertThat(rowOf(first)).returns(3, CacheRow::attempts);
    }

    @Test
    void whatSnapshotsMadeWaitForIsTriedAnewHoweverOftenItWasTried() {
        ImageId made = image(seeds.snapshotImage(owner, second));
        seeds.addImage(group, made.value());
        seeds.addWorker(group, first);
        ImageCache.spread(sql, made).await();
        Answered row = new Answered(worker(first), made, 1);
        assertThat(ImageCache.failed(sql, row, ErrorCode.WORKER_LOST, "waited for")
                        .await())
                .isTrue();
        server.execute("UPDATE image_cache SET attempts = 8, next_try_at = NULL");
        ImageCache.retryDue(sql).await();
        assertThat(ImageCache.building(sql, row, RUN, CachePhase.BAKING).await())
                .isTrue();
    }

    @Test
    void whoRefusesIsLeftAloneAsLongAsItAsked() {
        target(first);
        spread();
        building(first, 1, RUN);
        failLeavingAlone(true, Duration.ofHours(1));
        assertThat(secondsToNextTry()).isBetween("3590", "3600");
        retryNow();
        failLeavingAlone(true, Duration.ofDays(300));
        assertThat(secondsToNextTry()).isBetween("86390", "86400");
        retryNow();
        failLeavingAlone(true, Duration.ZERO);
        assertThat(secondsToNextTry()).isIn("19", "20");
        retryNow();
        failLeavingAlone(false, Duration.ofHours(1));
        assertThat(text("SELECT (next_try_at IS NULL)::text FROM image_cache")).isEqualTo("true");
    }

    private void failLeavingAlone(boolean again, Duration alone) {
        assertThat(ImageCache.failed(sql, row(first, 1), ErrorCode.SOURCE_UNREACHABLE, "why", again, alone)
                        .await())
                .isTrue();
    }

    private String secondsToNextTry() {
        return text("SELECT extract(epoch FROM next_try_at - now())::int::text FROM image_cache");
    }

    private void retryNow() {
        server.execute("UPDATE image_cache SET next_try_at = now(), attempts = 1");
        ImageCache.retryDue(sql).await();
        server.execute("UPDATE image_cache SET attempts = 1");
        assertThat(building(first, 1, RUN)).isTrue();
    }

    @Test
    void whoWaitsForASourceWaitsForAllThatIsMadeOfIt() {
        UUID same = seeds.image(owner);
        UUID another = seeds.image(owner);
        UUID third = seeds.worker();
        Artifacts.pin(sql, image(image), DIGEST).await();
        Artifacts.pin(sql, image(same), DIGEST).await();
        Artifacts.pin(sql, image(another), OTHER).await();
        target(first);
        waits(second, same);
        waits(third, another);
        spread();
        building(first, 1, RUN);
        assertThat(ImageCache.waiting(sql, image(image)).await()).containsExactly(worker(second));
        assertThat(ImageCache.waiting(sql, image(another)).await()).containsExactly(worker(third));
    }

    private void waits(UUID worker, UUID of) {
        UUID its = seeds.group(owner);
        seeds.addImage(its, of);
        seeds.addWorker(its, worker);
        ImageCache.spread(sql, image(of)).await();
        assertThat(ImageCache.building(
                                sql, new Answered(worker(worker), image(of), 1), RUN, CachePhase.WAITING_FOR_PEER)
                        .await())
                .isTrue();
    }

    @Test
    void readyCopiesAreReleasedOnOneWorkerWhereThatIsAsked() {
        target(first, second);
        spread();
        ready(first);
        ready(second);
        seeds.removeImage(group, image);
        assertThat(ImageCache.releaseReady(sql, Optional.of(worker(second))).await())
                .containsExactly(worker(second));
        assertThat(ImageCache.releaseReady(sql).await()).containsExactly(worker(first));
    }

    @Test
    void equalContentFromTwoInputsIsShownOnce() {
        target(first);
        spread();
        ready(first);
        Artifacts.record(sql, image(image), new WorkerId(first), new Artifact("fp:1", OTHER, DIGEST, 64, 32, 7))
                .await();
        Artifacts.record(sql, image(image), new WorkerId(first), new Artifact("fp:2", DIGEST, DIGEST, 64, 32, 7))
                .await();
        assertThat(rows()).hasSize(1).first().returns(Optional.of(32L), CacheRow::artifactBytes);
    }

    private void target(UUID... workers) {
        seeds.addImage(group, image);
        for (UUID worker : workers) {
            seeds.addWorker(group, worker);
        }
    }

    private WarmCounts spread() {
        return ImageCache.spread(sql, image(image)).await();
    }

    private WarmCounts warm() {
        return ImageCache.askAgain(sql, image(image), Optional.empty()).await();
    }

    private List<WorkerId> cancel() {
        return ImageCache.cancelUnasked(sql, Optional.empty()).await();
    }

    private boolean building(UUID worker, long generation, IncarnationId run) {
        return ImageCache.building(sql, row(worker, generation), run, CachePhase.BAKING)
                .await();
    }

    private void ready(UUID worker) {
        assertThat(ImageCache.ready(sql, row(worker, 1), RUN, DIGEST).await()).isTrue();
    }

    private void fail(UUID worker, ErrorCode code) {
        assertThat(ImageCache.failed(sql, row(worker, 1), code, "why").await()).isTrue();
    }

    private List<Wanted> wanted(UUID worker) {
        return ImageCache.wantedOf(sql, worker(worker), Optional.empty(), 100).await();
    }

    private List<CacheRow> rows() {
        return ImageCache.of(sql, image(image)).await();
    }

    private CacheRow rowOf(UUID worker) {
        return rows().stream()
                .filter(row -> row.workerId().equals(worker(worker)))
                .findFirst()
                .orElseThrow();
    }

    private Answered row(UUID worker, long generation) {
        return new Answered(worker(worker), image(image), generation);
    }

    private String whole() {
        return text("SELECT json_agg(c ORDER BY c.worker_id)::text FROM image_cache c");
    }

    private Booking booking(BunkerId id, ImageId from) {
        return new Booking(
                id,
                new TenantId(owner.tenant()),
                new UserId(owner.user()),
                "b",
                from,
                worker(first),
                new Room(1, 1, 1),
                new JsonObject(),
                new JsonObject());
    }
}
