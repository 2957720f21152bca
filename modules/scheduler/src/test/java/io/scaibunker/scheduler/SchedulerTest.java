package io.scaibunker.scheduler;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.scaibunker.bus.Answer.BeatTaken;
import io.scaibunker.bus.Answer.Placed;
import io.scaibunker.bus.Answer.Placement;
import io.scaibunker.bus.Answer.Refused;
import io.scaibunker.bus.Answer.ReportTaken;
import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.BootTimes;
import io.scaibunker.bus.Question.BunkerReported;
import io.scaibunker.bus.Question.BunkersWanted;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.bus.Question.WorkerBeat;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.QuotaId;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Bookings;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.Quotas;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.store.Workers;
import io.scaibunker.testkit.LostNudges;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration RARELY = Duration.ofMinutes(1);
    private static final Duration OFTEN = Duration.ofMillis(50);
    private static final String DIGEST = "sha256:" + "1".repeat(64);
    private static final Room ONE = new Room(100, 10, 1);

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Seeds seeds = Seeds.in(server);
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 8, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    private final Post post = new Post(vertx);
    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private final UUID group = seeds.group(owner);

    SchedulerTest() {
        BusCodec.install(vertx.eventBus());
        seeds.addImage(group, image);
    }

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    @Test
    void aHundredOrdersAtOnceFillThreeWorkersExactly() {
        for (int i = 0; i < 3; i++) {
            holder(3000, 300, 30);
        }
        open(RARELY);
        var orders = Stream.generate(() -> post.ask(order(BunkerId.fresh()), LIMIT))
                .limit(100)
                .toList();
        Future.all(orders).await();
        var answers = orders.stream().map(Future::result).toList();
        assertThat(answers.stream().filter(Placed.class::isInstance)).hasSize(90);
        assertThat(answers.stream().filter(Refused.class::isInstance).map(refused -> ((Refused) refused).code()))
                .hasSize(10)
                .containsOnly(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(Workers.list(database.client(), Optional.empty(), 9).await())
                .hasSize(3)
                .allMatch(worker -> worker.allocated().equals(worker.capacity()));
    }

    @Test
    void aRushFindsTheRoomOfManyWorkers() {
        for (int i = 0; i < 20; i++) {
            holder(500, 50, 5);
        }
        open(RARELY);
        var orders = Stream.generate(() -> post.ask(order(BunkerId.fresh()), LIMIT))
                .limit(100)
                .toList();
        Future.join(orders).otherwiseEmpty().await();
        assertThat(orders.stream().filter(order -> order.result() instanceof Placed))
                .hasSize(100);
    }

    @Test
    void theSameOrderGivenTwiceIsOneBunker() {
        holder();
        holder();
        open(RARELY);
        var order = order(BunkerId.fresh());
        var orders = Stream.generate(() -> post.ask(order, LIMIT)).limit(20).toList();
        Future.all(orders).await();
        assertThat(orders.stream().map(Future::result).distinct()).hasSize(1);
        assertThat(post.ask(order, LIMIT).await()).isEqualTo(orders.getFirst().result());
        assertThat(bunkers()).isEqualTo(1);
    }

    @Test
    void aPlacedBunkerIsToldToItsWorkerAndSaysWhyThere() {
        var worker = holder();
        AtomicInteger told = heed(Nudge.BunkersChanged.addressOf(worker));
        open(RARELY);
        var id = place();
        eventually(() -> assertThat(told).hasPositiveValue());
        assertThat(wanted(worker))
                .containsExactly(new WantedBunker(
                        id,
                        1,
                        BunkerIntent.RUN,
                        BunkerStatus.PENDING,
                        new ImageId(image),
                        new Digest(DIGEST),
                        "notebook",
                        ONE,
                        Map.of(),
                        null,
                        LifecycleMode.EPHEMERAL,
                        0,
                        null,
                        null,
                        RestartPolicy.NEVER));
        var placement = find(id).placement();
        assertThat(placement.remove("decide_ms")).isNotNull();
        assertThat(placement)
                .isEqualTo(new JsonObject()
                        .put("copy", "ready")
                        .put("considered", 1)
                        .put("passed_over", new JsonObject())
                        .put("compared", 1)
                        .put("score", new JsonObject().put("free", 1.0).put("zone_free", 1.0))
                        .put("attempts", 1));
    }

    @Test
    void whereNobodyMayTakeItTheRefusalSaysWhyAndNothingIsKept() {
        var building = seeds.worker();
        seeds.addWorker(group, building);
        seeds.worker();
        open(RARELY);
        Refused refused = (Refused) post.ask(order(BunkerId.fresh()), LIMIT).await();
        assertThat(refused.code()).isEqualTo(ErrorCode.NO_SUITABLE_WORKER);
        assertThat(refused.reasons())
                .extracting(FieldError::field)
                .containsExactlyInAnyOrder("copy_missing", "out_of_scope");
        assertThat(refused.retryAfterSeconds()).isPositive();
        assertThat(bunkers()).isZero();
    }

    @Test
    void aBunkerPlacedBeforeItsCopyAsksForTheCopy() {
        seeds.worker();
        AtomicInteger asked = heed(Nudge.CopiesAsked.ADDRESS);
        open(RARELY);
        var lazy = seeds.lazyImage(owner);
        assertThat(post.ask(order(BunkerId.fresh(), lazy), LIMIT).await()).isInstanceOf(Placed.class);
        eventually(() -> assertThat(asked).hasValue(1));
    }

    @Test
    void aSilentWorkerIsLostWithItsBunkersAndIsReadyAgainWhenItReturns() {
        var worker = holder();
        AtomicInteger joined = heed(Nudge.WorkerJoined.ADDRESS);
        open(RARELY);
        var run = IncarnationId.fresh();
        beat(worker, run);
        var id = place();
        report(worker, run, id, BunkerStatus.RUNNING);

        seeds.heardBefore(worker.value(), 31);
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(worker(worker).status()).isEqualTo(WorkerStatus.LOST));
        assertThat(find(id).status()).isEqualTo(BunkerStatus.RUNNING);
        seeds.heardBefore(worker.value(), 61);
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(find(id).status()).isEqualTo(BunkerStatus.FAILED));
        assertThat(find(id))
                .returns(BunkerStatus.FAILED, Bunker::status)
                .returns(Optional.of(ErrorCode.WORKER_LOST), Bunker::failureCode);
        assertThat(worker(worker).allocated()).isEqualTo(Room.NONE);
        assertThat(post.ask(order(BunkerId.fresh()), LIMIT).await()).isInstanceOf(Refused.class);

        int before = joined.get();
        assertThat(beat(worker, run)).isEqualTo(WorkerStatus.READY);
        eventually(() -> assertThat(joined).hasValueGreaterThan(before));
        assertThat(wanted(worker)).isEmpty();
        assertThat(report(worker, run, id, BunkerStatus.RUNNING)).isFalse();
        assertThat(post.ask(order(BunkerId.fresh()), LIMIT).await()).isInstanceOf(Placed.class);
    }

    @Test
    void whoComesBackAsAnotherTakesThePlaceOfTheLostOneOfItsName() {
        open(OFTEN);
        var wiped = WorkerId.fresh();
        var twin = WorkerId.fresh();
        beat(twin, IncarnationId.fresh());
        beat(wiped, IncarnationId.fresh());
        beat(wiped, IncarnationId.fresh());
        seeds.addWorker(group, wiped.value());
        seeds.ready(image, wiped.value(), DIGEST);
        var bunker = place();
        // The twin was there before the wiped one was heard last: it is somebody else.
        seeds.heardBefore(wiped.value(), 28);
        server.execute("UPDATE workers SET created_at = now() - interval '1 hour'");
        eventually(() -> assertThat(worker(wiped).status()).isEqualTo(WorkerStatus.LOST));
        beat(twin, IncarnationId.fresh());
        assertThat(groupsOf(twin)).isZero();

        var heir = WorkerId.fresh();
        var run = IncarnationId.fresh();
        beat(heir, run);
        beat(heir, run);
        eventually(() -> assertThat(groupsOf(heir)).isEqualTo(1));
        assertThat(groupsOf(wiped)).isZero();
        // What was booked there is not forgotten with it.
        assertThat(worker(wiped).status()).isEqualTo(WorkerStatus.LOST);
        seeds.heardBefore(wiped.value(), 90);
        eventually(() -> assertThat(find(bunker).status()).isEqualTo(BunkerStatus.FAILED));
        eventually(
                () -> assertThat(Workers.find(database.client(), wiped).await()).isEmpty());
        assertThat(groupsOf(heir)).isEqualTo(1);
    }

    private int groupsOf(WorkerId worker) {
        return server.rows("SELECT 1 FROM group_workers WHERE worker_id = '" + worker.value() + "'")
                .size();
    }

    @Test
    void aNewRunOfAWorkerGoesOnWithWhatTheEarlierBooted() {
        var worker = holder();
        open(RARELY);
        var earlier = IncarnationId.fresh();
        var now = IncarnationId.fresh();
        beat(worker, earlier);
        var booted = place();
        report(worker, earlier, booted, BunkerStatus.RUNNING);
        beat(worker, now);
        assertThat(find(booted).status()).isEqualTo(BunkerStatus.RUNNING);
        assertThat(wanted(worker)).extracting(WantedBunker::incarnation).containsExactly(earlier);
        assertThat(report(worker, now, booted, BunkerStatus.RUNNING)).isTrue();
        assertThat(wanted(worker)).extracting(WantedBunker::incarnation).containsExactly(now);
    }

    @Test
    void aDrainedWorkerTakesNothingUntilItIsResumed() {
        var worker = holder();
        open(RARELY);
        var running = place();
        Workers.drain(database.client(), worker, Optional.empty()).await();
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(worker(worker).status()).isEqualTo(WorkerStatus.DRAINING));
        assertThat(beat(worker, IncarnationId.fresh())).isEqualTo(WorkerStatus.DRAINING);
        Refused refused = (Refused) post.ask(order(BunkerId.fresh()), LIMIT).await();
        assertThat(refused.reasons()).extracting(FieldError::field).containsExactly("draining");
        assertThat(find(running).status()).isEqualTo(BunkerStatus.PENDING);

        Workers.resume(database.client(), worker).await();
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(worker(worker).status()).isEqualTo(WorkerStatus.READY));
        assertThat(post.ask(order(BunkerId.fresh()), LIMIT).await()).isInstanceOf(Placed.class);
    }

    @Test
    void withEveryNudgeLostTheSweepStillDoesAll() {
        var worker = holder();
        var silent = holder();
        seeds.heardBefore(silent.value(), 60);
        try (var nudges = LostNudges.on(vertx)) {
            open(OFTEN);
            eventually(() -> assertThat(worker(silent).status()).isEqualTo(WorkerStatus.LOST));
            var id = place();
            eventually(() -> assertThat(nudges.count()).isGreaterThan(2));
            assertThat(wanted(worker)).extracting(WantedBunker::bunkerId).containsExactly(id);
            Workers.drain(database.client(), worker, Optional.empty()).await();
            eventually(() -> assertThat(worker(worker).status()).isEqualTo(WorkerStatus.DRAINING));
        }
    }

    @Test
    void aBunkersLifeIsReportedToItsEnd() {
        var worker = holder();
        open(RARELY);
        var id = place();
        var run = IncarnationId.fresh();
        assertThat(report(worker, run, id, BunkerStatus.PENDING)).isFalse();
        assertThat(report(worker, run, id, BunkerStatus.PROVISIONING)).isTrue();
        assertThat(report(worker, run, id, BunkerStatus.RUNNING)).isTrue();
        assertThat(report(worker, run, id, BunkerStatus.RUNNING)).isTrue();
        assertThat(report(worker, run, id, BunkerStatus.PENDING)).isFalse();
        assertThat(find(id).startedAt()).isPresent();
        assertThat(wanted(worker).getFirst().incarnation()).isEqualTo(run);
        assertThat(report(worker, run, id, BunkerStatus.TERMINATED)).isTrue();
        assertThat(report(worker, run, id, BunkerStatus.TERMINATED)).isFalse();
        assertThat(report(worker, run, id, BunkerStatus.RUNNING)).isFalse();
        assertThat(wanted(worker)).isEmpty();
        assertThat(worker(worker).allocated()).isEqualTo(Room.NONE);
    }

    @Test
    void whatHasLivedLongEnoughEndsForThatReasonAndIdleTimeIsKept() {
        var worker = holder();
        open(OFTEN);
        var run = IncarnationId.fresh();
        var id = place(new JsonObject().put("max_lifetime_s", 1).put("idle_timeout_s", 60));
        var boot = new BootTimes(1, 2, 3, 4, 5);
        var report = new BunkerReported(worker, run, id, 1, BunkerStatus.RUNNING, null, null, 1_750_000_000_000L, boot);
        assertThat(post.ask(report, LIMIT).await()).isEqualTo(new ReportTaken(true));
        assertThat(wanted(worker).getFirst())
                .returns(1_750_000_000_000L, WantedBunker::idleSince)
                .returns(60, WantedBunker::idleTimeoutS);
        assertThat(find(id).life().expiresAt()).isPresent();
        assertThat(find(id).life().boot().orElseThrow().getInteger("kernel_ms")).isEqualTo(4);
        eventually(() -> assertThat(wanted(worker).getFirst().intent()).isEqualTo(BunkerIntent.END));
        assertThat(find(id).life().endedReason()).contains(EndReason.LIFETIME);
        assertThat(report(worker, run, id, BunkerStatus.TERMINATED)).isTrue();
        assertThat(find(id).life().endedReason()).contains(EndReason.LIFETIME);
    }

    @Test
    void whatItsWorkerEndsForWantOfUseSaysSo() {
        var worker = holder();
        open(RARELY);
        var id = place();
        var run = IncarnationId.fresh();
        assertThat(report(worker, run, id, BunkerStatus.RUNNING)).isTrue();
        var ending = new BunkerReported(worker, run, id, 1, BunkerStatus.TERMINATING, null, EndReason.IDLE, null, null);
        assertThat(post.ask(ending, LIMIT).await()).isEqualTo(new ReportTaken(true));
        assertThat(report(worker, run, id, BunkerStatus.TERMINATED)).isTrue();
        assertThat(find(id).life().endedReason()).contains(EndReason.IDLE);
    }

    @Test
    void aFailureKeepsItsReason() {
        var worker = holder();
        open(RARELY);
        var id = place();
        var failure = new Failure(ErrorCode.MACHINE_FAILED, "it did not answer");
        var report = new BunkerReported(
                worker, IncarnationId.fresh(), id, 1, BunkerStatus.FAILED, failure, null, null, null);
        assertThat(post.ask(report, LIMIT).await()).isEqualTo(new ReportTaken(true));
        assertThat(find(id))
                .returns(Optional.of(ErrorCode.MACHINE_FAILED), Bunker::failureCode)
                .returns(Optional.of("it did not answer"), Bunker::failureMessage);
    }

    @Test
    void aReportOfAnotherWorkersBunkerChangesNothing() {
        var worker = holder();
        open(RARELY);
        var id = place();
        var other = new WorkerId(seeds.worker());
        for (BunkerStatus status : BunkerStatus.values()) {
            assertThat(report(other, IncarnationId.fresh(), id, status))
                    .as("%s", status)
                    .isFalse();
        }
        assertThat(find(id).status()).isEqualTo(BunkerStatus.PENDING);
        assertThat(worker(worker).allocated()).isEqualTo(ONE);
    }

    @Test
    void everyPageFitsIntoOneMessageAndEachBunkerIsSeenOnce() {
        var worker = holder();
        var environment = new JsonObject().put("LONG", "€\"".repeat(4000));
        var ids = IntStream.range(0, 150).mapToObj(i -> BunkerId.fresh()).toList();
        for (BunkerId id : ids) {
            var booking = new Bookings.Booking(
                    id,
                    new TenantId(owner.tenant()),
                    new UserId(owner.user()),
                    "notebook",
                    new ImageId(image),
                    worker,
                    ONE,
                    new JsonObject().put("env_vars", environment),
                    new JsonObject());
            Bookings.book(database.client(), List.of(booking)).await();
        }
        open(RARELY);
        var seen = new ArrayList<BunkerId>();
        BunkerId after = null;
        do {
            var page = post.ask(new BunkersWanted(worker, after), LIMIT).await();
            Buffer wire = Buffer.buffer();
            new BusCodec().encodeToWire(wire, page);
            page.bunkers().forEach(bunker -> seen.add(bunker.bunkerId()));
            after = page.next();
        } while (after != null);
        assertThat(seen).doesNotHaveDuplicates();
        assertThat(new HashSet<>(seen)).isEqualTo(new HashSet<>(ids));
    }

    @Test
    void twoSchedulersAtOnceNeverOverBook() {
        holder(1000, 100, 10);
        open(OFTEN);
        open(OFTEN);
        var orders = Stream.generate(() -> post.ask(order(BunkerId.fresh()), LIMIT))
                .limit(30)
                .toList();
        Future.join(orders).otherwiseEmpty().await();
        assertThat(orders.stream().filter(order -> order.result() instanceof Placed))
                .hasSize(10);
    }

    @Test
    void aQuotaThatWouldBePassedIsSaidWithItsBucket() {
        holder();
        open(RARELY);
        var caps =
                new Quotas.Caps(OptionalLong.of(2), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());
        var tenant = Optional.of(new TenantId(owner.tenant()));
        Quotas.insert(
                        database.client(),
                        new Quotas.Draft(QuotaId.fresh(), "two", Quotas.Bucket.TENANT, tenant, Optional.empty(), caps))
                .await();
        var orders = Stream.generate(() -> post.ask(order(BunkerId.fresh()), LIMIT))
                .limit(5)
                .toList();
        Future.all(orders).await();
        var refused = orders.stream()
                .map(Future::result)
                .filter(Refused.class::isInstance)
                .map(Refused.class::cast)
                .toList();
        assertThat(refused).hasSize(3).allSatisfy(one -> {
            assertThat(one.code()).isEqualTo(ErrorCode.BUNKER_QUOTA_EXCEEDED);
            assertThat(one.reasons())
                    .containsExactly(
                            new FieldError("bucket", "tenant"),
                            new FieldError("resource", "bunkers"),
                            new FieldError("used", "2"),
                            new FieldError("asked", "1"),
                            new FieldError("cap", "2"));
        });
    }

    @Test
    void anOrderThatMayWaitGetsTheFirstCopyAndItsMakersAreToldToHurry() {
        var maker = new WorkerId(seeds.worker());
        seeds.addWorker(group, maker.value());
        AtomicInteger hurried = heed(Nudge.CopyAwaited.ADDRESS);
        open(RARELY);
        var waits = order(BunkerId.fresh()).waiting(15_000);
        var waiting = Stream.generate(() -> post.ask(waits, LIMIT)).limit(3).toList();
        eventually(() -> assertThat(hurried).hasValue(1));
        assertThat(waiting).noneMatch(Future::isComplete);
        seeds.ready(image, maker.value(), DIGEST);
        Future.all(waiting).await();
        assertThat(waiting.stream().map(Future::result)).containsOnly(new Placed(waits.bunkerId(), maker));
        assertThat(bunkers()).isEqualTo(1);
    }

    @Test
    void aWaitIsBoundedAndWhereNoCopyCanComeThereIsNone() {
        open(RARELY);
        var futile = (Refused) post.ask(order(BunkerId.fresh()).waiting(15_000), Duration.ofSeconds(10))
                .await();
        assertThat(futile.worthWaiting()).isFalse();
        seeds.addWorker(group, seeds.worker());
        var over =
                (Refused) post.ask(order(BunkerId.fresh()).waiting(300), LIMIT).await();
        assertThat(over.worthWaiting()).isTrue();
        assertThat(over.reasons()).extracting(FieldError::field).containsExactly("copy_missing");
    }

    @Test
    void aCopyThatWentAwayUnseenCostsATryAndNoWrongBooking() {
        var gone = holder();
        var stays = holder();
        open(RARELY);
        for (int i = 0; i < 8; i++) {
            place();
        }
        server.execute("UPDATE image_cache SET wanted = false WHERE worker_id = '" + gone.value() + "'");
        var after = Stream.generate(this::place).limit(8).toList();
        assertThat(after).allSatisfy(id -> assertThat(find(id).workerId()).isEqualTo(stays));
    }

    @Test
    void whatIsWrongWithOneOrderIsNoOthersFailure() {
        holder();
        open(RARELY);
        place();
        var wrong = new PlaceBunker(
                BunkerId.fresh(),
                new TenantId(owner.tenant()),
                UserId.fresh(),
                new ImageId(image),
                "nobody's",
                ONE,
                "{}",
                0);
        var orders = Stream.concat(
                        Stream.generate(() -> order(BunkerId.fresh())).limit(10), Stream.of(wrong))
                .map(order -> post.ask(order, LIMIT))
                .toList();
        Future.join(orders).otherwiseEmpty().await();
        assertThat(orders.subList(0, 10)).allMatch(asked -> asked.result() instanceof Placed);
        assertThat(orders.getLast().failed()).isTrue();
    }

    @Test
    void whatStillRunsWhenADrainIsOverIsToEnd() {
        var worker = holder();
        open(RARELY);
        var id = place();
        Workers.drain(database.client(), worker, Optional.of(Duration.ofDays(1)))
                .await();
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(worker(worker).status()).isEqualTo(WorkerStatus.DRAINING));
        assertThat(wanted(worker)).extracting(WantedBunker::intent).containsExactly(BunkerIntent.RUN);
        Workers.drain(database.client(), worker, Optional.of(Duration.ZERO)).await();
        post.nudge(new Nudge.WorkerAsked(worker));
        eventually(() -> assertThat(wanted(worker))
                .extracting(WantedBunker::bunkerId, WantedBunker::intent)
                .containsExactly(tuple(id, BunkerIntent.END)));
        assertThat(worker(worker)).returns(1, Workers.Worker::bunkers);
        assertThat(worker(worker).drainUntil()).isPresent();
        Workers.resume(database.client(), worker).await();
        assertThat(worker(worker).drainUntil()).isEmpty();
    }

    private void open(Duration sweep) {
        vertx.deployVerticle(new SchedulerVerticle(
                        new SchedulerConfig(Duration.ofSeconds(25), Duration.ofMinutes(1), sweep), database))
                .await();
    }

    private WorkerId holder() {
        return holder(100_000, 100_000, 100_000);
    }

    private WorkerId holder(int cpu, int memory, int disk) {
        UUID worker = seeds.worker(cpu, memory, disk);
        seeds.addWorker(group, worker);
        seeds.ready(image, worker, DIGEST);
        return new WorkerId(worker);
    }

    private AtomicInteger heed(String address) {
        AtomicInteger count = new AtomicInteger();
        Post ears = new Post(vertx);
        ears.heed(address, count::incrementAndGet);
        ears.open().await();
        return count;
    }

    private PlaceBunker order(BunkerId id) {
        return order(id, image);
    }

    private PlaceBunker order(BunkerId id, UUID from) {
        return order(id, from, new JsonObject().put("env_vars", new JsonObject().put("LANG", "C")));
    }

    private PlaceBunker order(BunkerId id, UUID from, JsonObject wish) {
        return new PlaceBunker(
                id,
                new TenantId(owner.tenant()),
                new UserId(owner.user()),
                new ImageId(from),
                "notebook",
                ONE,
                wish.encode(),
                0);
    }

    private BunkerId place() {
        return place(new JsonObject());
    }

    private BunkerId place(JsonObject wish) {
        Placement placed = post.ask(order(BunkerId.fresh(), image, wish), LIMIT).await();
        return ((Placed) placed).bunkerId();
    }

    private WorkerStatus beat(WorkerId worker, IncarnationId run) {
        BeatTaken taken = post.ask(
                        new WorkerBeat(
                                worker,
                                run,
                                "w",
                                new Room(100_000, 100_000, 100_000),
                                0,
                                "127.0.0.1:1",
                                "qemu",
                                "tcg",
                                "",
                                Map.of(),
                                Map.of(),
                                null,
                                null),
                        LIMIT)
                .await();
        return taken.status();
    }

    private boolean report(WorkerId worker, IncarnationId run, BunkerId id, BunkerStatus status) {
        return post.ask(new BunkerReported(worker, run, id, 1, status, null, null, null, null), LIMIT)
                .await()
                .current();
    }

    private List<WantedBunker> wanted(WorkerId worker) {
        return post.ask(new BunkersWanted(worker, null), LIMIT).await().bunkers();
    }

    private Workers.Worker worker(WorkerId id) {
        return Workers.find(database.client(), id).await().orElseThrow();
    }

    private Bunker find(BunkerId id) {
        return Bunkers.find(database.client(), id).await().orElseThrow();
    }

    private long bunkers() {
        return (long)
                server.rows("SELECT count(*) AS n FROM bunkers").getFirst().get("n");
    }
}
