package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Bookings.Booking;
import io.scaibunker.store.Bookings.Fate;
import io.scaibunker.store.Bookings.Outcome;
import io.scaibunker.store.Bunkers.Sight;
import io.scaibunker.store.ImageCache.Answered;
import io.scaibunker.store.Scans.Verdict;
import io.scaibunker.testkit.Seeds;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Walks every verb from every state: what moves is allowed, what says it did nothing did nothing, no move is missing. */
class MovesTest extends StoreFixture {
    private static final Digest DIGEST = new Digest("sha256:" + "1".repeat(64));

    /** Something to do to the one row of the test; says whether it did, where it says so. */
    private record Verb(String name, Future<?> done) {
        Optional<Boolean> says() {
            return done.await() instanceof Boolean moved ? Optional.of(moved) : Optional.empty();
        }
    }

    @Test
    void everyMoveOfACacheRowIsWalkedAndNoOther() {
        var owner = seeds.owner();
        var image = seeds.image(owner);
        var worker = seeds.worker();
        var group = seeds.group(owner);
        seeds.addWorker(group, worker);
        var row = new Answered(worker(worker), image(image), 5);
        var walk = new Walk<>(CacheStatus.values());

        for (boolean asked : List.of(true, false)) {
            run(
                    asked
                            ? "INSERT INTO group_images (group_id, image_id) VALUES (:group, :image)"
                            : "DELETE FROM group_images WHERE group_id = :group AND image_id = :image",
                    Map.of("group", group, "image", image));
            for (CacheStatus from : CacheStatus.values()) {
                for (boolean wanted : List.of(true, false)) {
                    for (int verb = 0; verb < 11; verb++) {
                        putCopy(image, worker, from, wanted);
                        String before = row("image_cache", "true");
                        Verb did = copyVerb(verb, row);
                        Optional<Boolean> says = did.says();
                        String after = row("image_cache", "true");
                        walk.seen(did.name(), from, status(CacheStatus.class, after));
                        says.ifPresent(moved -> assertThat(after.equals(before))
                                .as("%s of a row that is %s, wanted %s, says %s", did.name(), from, wanted, moved)
                                .isEqualTo(!moved));
                    }
                }
            }
        }
        walk.everyMoveWasWalked();
    }

    private Verb copyVerb(int verb, Answered row) {
        IncarnationId run = new IncarnationId(new UUID(7, 7));
        return switch (verb) {
            case 0 -> new Verb("spread", ImageCache.spread(sql, row.imageId()));
            case 1 -> new Verb("askAgain", ImageCache.askAgain(sql, row.imageId(), Optional.empty()));
            case 2 -> new Verb("cancelUnasked", ImageCache.cancelUnasked(sql, Optional.empty()));
            case 3 -> new Verb("releaseReady", ImageCache.releaseReady(sql));
            case 4 -> new Verb("retryDue", ImageCache.retryDue(sql));
            case 5 -> new Verb("building", ImageCache.building(sql, row, run, CachePhase.BAKING));
            case 6 -> new Verb("ready", ImageCache.ready(sql, row, run, DIGEST));
            case 7 -> new Verb("failed", ImageCache.failed(sql, row, ErrorCode.SOURCE_AUTH, "no"));
            case 8 -> new Verb("pendingAgain", ImageCache.pendingAgain(sql, row));
            case 9 -> new Verb("evicted", ImageCache.evicted(sql, row));
            default -> {
                run("UPDATE image_cache SET attempts = 8", Map.of());
                yield new Verb("giveUp", ImageCache.giveUp(sql));
            }
        };
    }

    private void putCopy(UUID image, UUID worker, CacheStatus status, boolean wanted) {
        boolean failed = status == CacheStatus.FAILED;
        run("DELETE FROM image_cache", Map.of());
        run(
                """
                INSERT INTO image_cache (image_id, worker_id, wanted, status, generation, error_code, error_message,
                       next_try_at, artifact_digest, incarnation)
                VALUES (:image, :worker, :wanted, :status, 5, :code, :message,
                        CASE WHEN :status = 'failed' THEN now() - interval '1 second' END, :digest, :incarnation)
                """,
                Values.of("image", image)
                        .and("worker", worker)
                        .and("wanted", wanted)
                        .and("status", status.word())
                        .and("code", failed ? "SOURCE_UNREACHABLE" : null)
                        .and("message", failed ? "no" : null)
                        .and("digest", status == CacheStatus.READY ? DIGEST.text() : null)
                        .and("incarnation", new UUID(1, 1)));
    }

    @Test
    void everyMoveOfABunkerIsWalkedAndNoOther() {
        var owner = seeds.owner();
        var image = seeds.lazyImage(owner);
        var worker = worker(seeds.worker());
        var walk = new Walk<>(BunkerStatus.values());

        for (BunkerStatus from : BunkerStatus.values()) {
            for (int verb = 0; verb < 7; verb++) {
                run("DELETE FROM bunkers", Map.of());
                run("""
                        UPDATE workers SET status = 'ready', allocated_cpu_millicores = 0, allocated_memory_mb = 0,
                               allocated_disk_mb = 0
                        """, Map.of());
                var id = BunkerId.fresh();
                assertThat(Bookings.book(
                                        sql,
                                        List.of(new Booking(
                                                id,
                                                new TenantId(owner.tenant()),
                                                new UserId(owner.user()),
                                                "b",
                                                image(image),
                                                worker,
                                                new Room(10, 20, 30),
                                                new JsonObject(),
                                                new JsonObject())))
                                .await())
                        .extracting(Outcome::fate)
                        .containsExactly(Fate.BOOKED);
                putBunker(from);
                String before = row("bunkers", "true");
                Verb did = bunkerVerb(verb, id, worker);
                Optional<Boolean> says = did.says();
                String after = row("bunkers", "true");
                BunkerStatus to = status(BunkerStatus.class, after);
                walk.seen(did.name(), from, to);
                says.ifPresent(moved -> assertThat(after.equals(before))
                        .as("%s of a bunker that is %s says %s", did.name(), from, moved)
                        .isEqualTo(!moved));
                assertThat(text(
                                "SELECT allocated_cpu_millicores || '/' || allocated_memory_mb || '/' || allocated_disk_mb"
                                        + " FROM workers"))
                        .as("room after %s of a bunker that was %s", did.name(), from)
                        .isEqualTo(to.isFinal() ? "0/0/0" : "10/20/30");
            }
        }
        walk.everyMoveWasWalked();
    }

    private Verb bunkerVerb(int verb, BunkerId id, WorkerId worker) {
        IncarnationId run = new IncarnationId(new UUID(7, 7));
        return switch (verb) {
            case 0 -> new Verb("provisioning", Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.PROVISIONING, run)));
            case 1 -> new Verb("running", Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.RUNNING, run)));
            case 2 -> new Verb("paused", Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.PAUSED, run)));
            case 3 -> new Verb("terminating", Bunkers.move(sql, worker, id, Sight.of(BunkerStatus.TERMINATING, run)));
            case 4 -> new Verb("end", Bunkers.end(sql, worker, id, EndReason.DELETED));
            case 5 -> new Verb("fail", Bunkers.fail(sql, worker, id, ErrorCode.MACHINE_FAILED, "it ended"));
            default -> {
                run("UPDATE workers SET status = 'lost'", Map.of());
                yield new Verb("failOfLost", Bunkers.failOfLost(sql, Duration.ZERO));
            }
        };
    }

    private void putBunker(BunkerStatus status) {
        run(
                """
                UPDATE bunkers SET status = :status, incarnation = :incarnation, booked = NOT :ended,
                       failure_code = :code, failure_message = :code,
                       ended_at = CASE WHEN :ended THEN now() END,
                       ended_reason = CASE WHEN :ended THEN 'deleted' END
                """,
                Values.of("status", status.word())
                        .and("incarnation", status == BunkerStatus.PENDING ? null : new UUID(1, 1))
                        .and("ended", status.isFinal())
                        .and("code", status == BunkerStatus.FAILED ? "MACHINE_FAILED" : null));
        if (status.isFinal()) {
            run("""
                UPDATE workers SET allocated_cpu_millicores = 0, allocated_memory_mb = 0, allocated_disk_mb = 0
                """, Map.of());
        }
    }

    @Test
    void everyMoveOfAScanIsWalkedAndNoOther() {
        var image = image(seeds.image(seeds.owner()));
        var walk = new Walk<>(ScanStatus.values());
        for (ScanStatus from : ScanStatus.values()) {
            for (int verb = 0; verb < 9; verb++) {
                // The last claim is one of a scan whose scanner may do better now.
                run(
                        """
                        UPDATE scans SET status = :status, reason = :reason, claimed_by = NULL, lease_until = NULL,
                               generation = 5, artifact_digest = :digest, report = '{}', attempts = 0,
                               next_try_at = CASE WHEN :due AND :status = 'failed' THEN now() END
                        """,
                        Values.of("status", from.word())
                                .and("reason", from == ScanStatus.FAILED ? "FINDINGS" : null)
                                .and("digest", DIGEST.text())
                                .and("due", verb == 8));
                String before = row("scans", "true");
                var claim = new Scans.Claim(image, 5, 1, false, Optional.of(DIGEST), Optional.empty());
                var outdated = new Scans.Outdated(image, 5, DIGEST, Optional.empty(), new byte[0]);
                Verb did = switch (verb) {
                    case 0 -> new Verb("askAgain", Scans.askAgain(sql, image));
                    case 1 -> settle(claim, ScanStatus.PASSED, null);
                    case 2 -> settle(claim, ScanStatus.FAILED, "FINDINGS");
                    case 3 -> settle(claim, ScanStatus.SKIPPED, null);
                    case 4 -> amend(outdated, ScanStatus.PASSED, null);
                    case 5 -> amend(outdated, ScanStatus.FAILED, "FINDINGS");
                    case 6 -> amend(outdated, ScanStatus.SKIPPED, null);
                    default ->
                        new Verb(
                                "claim",
                                Scans.claim(sql, IncarnationId.fresh(), Duration.ofMinutes(1), 1)
                                        .map(claims -> !claims.isEmpty()));
                };
                Optional<Boolean> says = did.says();
                String after = row("scans", "true");
                walk.seen(did.name(), from, status(ScanStatus.class, after));
                says.ifPresent(moved -> assertThat(after.equals(before))
                        .as("%s of a scan that is %s says %s", did.name(), from, moved)
                        .isEqualTo(!moved));
            }
        }
        walk.everyMoveWasWalked();
    }

    private Verb settle(Scans.Claim claim, ScanStatus status, String reason) {
        return new Verb("settle " + status, Scans.settle(sql, claim, verdict(status, reason)));
    }

    private Verb amend(Scans.Outdated old, ScanStatus status, String reason) {
        return new Verb("amend " + status, Scans.amend(sql, old, verdict(status, reason)));
    }

    private static Verdict verdict(ScanStatus status, String reason) {
        return new Verdict(status, reason, null, null, new Scans.Ground("b", new JsonObject(), "d"), null);
    }

    @Test
    void everyMoveOfASnapshotIsWalkedAndNoOther() {
        var owner = seeds.owner();
        var worker = worker(seeds.worker());
        var bunker = new BunkerId(seeds.runningBunker(owner, seeds.lazyImage(owner), worker.value()));
        var walk = new Walk<>(SnapshotStatus.values());
        for (SnapshotStatus from : SnapshotStatus.values()) {
            for (boolean wanted : List.of(true, false)) {
                for (int verb = 0; verb < 7; verb++) {
                    if (wanted && from == SnapshotStatus.DELETED) {
                        continue;
                    }
                    var id = putSnapshot(owner, bunker, worker, from, wanted);
                    String before = row("snapshots", "true");
                    Verb did = snapshotVerb(verb, id, worker);
                    Optional<Boolean> says = did.says();
                    String after = row("snapshots", "true");
                    walk.seen(did.name(), from, status(SnapshotStatus.class, after));
                    says.ifPresent(moved -> assertThat(after.equals(before))
                            .as("%s of a snapshot that is %s, wanted %s, says %s", did.name(), from, wanted, moved)
                            .isEqualTo(!moved));
                }
            }
        }
        walk.everyMoveWasWalked();
    }

    private SnapshotId putSnapshot(
            Seeds.Owner owner, BunkerId bunker, WorkerId worker, SnapshotStatus status, boolean wanted) {
        var id = SnapshotId.fresh();
        var failed = status == SnapshotStatus.FAILED;
        run("DELETE FROM snapshots", Map.of());
        run("UPDATE workers SET status = 'ready'", Map.of());
        run(
                """
                INSERT INTO snapshots (id, tenant_id, user_id, bunker_id, image_id, worker_id, wanted, status, digest, size_bytes,
                       error_code, error_message)
                SELECT :id, :tenant, :user, b.id, b.image_id, :worker, :wanted, :status, :digest, 1, :code, :code
                  FROM bunkers b WHERE b.id = :bunker
                """,
                Values.of("id", id.value())
                        .and("tenant", owner.tenant())
                        .and("user", owner.user())
                        .and("bunker", bunker.value())
                        .and("worker", worker.value())
                        .and("wanted", wanted)
                        .and("status", status.word())
                        .and("digest", status == SnapshotStatus.READY ? DIGEST.text() : null)
                        .and("code", failed ? "INTERNAL" : null));
        return id;
    }

    private Verb snapshotVerb(int verb, SnapshotId id, WorkerId worker) {
        return switch (verb) {
            case 0 -> seen(worker, id, Snapshots.Sight.of(SnapshotStatus.CREATING));
            case 1 ->
                seen(
                        worker,
                        id,
                        new Snapshots.Sight(
                                SnapshotStatus.READY,
                                Optional.of(new Snapshots.Made(DIGEST, 7)),
                                Optional.empty(),
                                Optional.empty()));
            case 2 ->
                seen(
                        worker,
                        id,
                        new Snapshots.Sight(
                                SnapshotStatus.FAILED,
                                Optional.empty(),
                                Optional.of(ErrorCode.WORKER_DISK_FULL),
                                Optional.of("full")));
            case 3 -> seen(worker, id, Snapshots.Sight.of(SnapshotStatus.DELETED));
            case 4 ->
                new Verb(
                        "of a worker it is not on",
                        Snapshots.move(sql, WorkerId.fresh(), id, Snapshots.Sight.of(SnapshotStatus.CREATING))
                                .map(Snapshots.Taken::moved));
            case 5 -> new Verb("letGo", Snapshots.letGo(sql, id));
            default -> {
                run("UPDATE workers SET status = 'lost'", Map.of());
                yield new Verb("failOrphans", Snapshots.failOrphans(sql, Duration.ZERO));
            }
        };
    }

    private Verb seen(WorkerId worker, SnapshotId id, Snapshots.Sight sight) {
        return new Verb(
                "seen " + sight.status(), Snapshots.move(sql, worker, id, sight).map(Snapshots.Taken::moved));
    }

    @Test
    void everyMoveOfAWorkerIsWalkedAndNoOther() {
        var id = worker(seeds.worker());
        var walk = new Walk<>(WorkerStatus.values());
        for (WorkerStatus from : WorkerStatus.values()) {
            for (String intent : List.of("serve", "drain")) {
                for (int verb = 0; verb < 4; verb++) {
                    run("""
                            UPDATE workers SET status = :status, intent = :intent,
                                   last_heartbeat = now() - interval '1 minute'
                            """, Map.of("status", from.word(), "intent", intent));
                    Verb did = switch (verb) {
                        case 0 -> new Verb("beat", Workers.beat(sql, Beats.of(id)));
                        case 1 -> new Verb("loseStale", Workers.loseStale(sql, Duration.ofSeconds(30)));
                        case 2 -> new Verb("loseStale of the heard", Workers.loseStale(sql, Duration.ofHours(1)));
                        default -> new Verb("followIntents", Workers.followIntents(sql));
                    };
                    did.says();
                    WorkerStatus to = status(WorkerStatus.class, row("workers", "true"));
                    walk.seen(did.name(), from, to);
                    if (verb == 2) {
                        assertThat(to).isEqualTo(from);
                    }
                }
            }
        }
        walk.everyMoveWasWalked();
    }

    private static <S extends Enum<S> & Word> S status(Class<S> type, String row) {
        return Word.parse(type, new JsonObject(row).getString("status"));
    }
}
