package io.scaibunker.api;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Images.Image;
import io.scaibunker.store.Tenants;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Bunkers: placed by the scheduler while the caller waits, shown, ended. */
final class BunkerOperations {
    private final Database database;
    private final Post post;
    private final Placing placing;
    private final SnapshotDesk snapshots;
    private final CopyProgress progress;
    private final Map<LifecycleMode, ApiConfig.Life> lives;

    BunkerOperations(
            Database database,
            Post post,
            Placing placing,
            SnapshotDesk snapshots,
            CopyProgress progress,
            Map<LifecycleMode, ApiConfig.Life> lives) {
        this.database = database;
        this.post = post;
        this.placing = placing;
        this.snapshots = snapshots;
        this.progress = progress;
        this.lives = lives;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createBunker", this::create);
        operations.put("listBunkers", this::list);
        operations.put("getBunker", this::get);
        operations.put("deleteBunker", this::end);
        operations.put("pauseBunker", request -> turn(request, BunkerIntent.PAUSE));
        operations.put("resumeBunker", request -> turn(request, BunkerIntent.RUN));
    }

    private Future<Reply> create(Request request) {
        BunkerWish.check(request);
        return Finder.image(
                        database.client(),
                        request.caller().viewer(),
                        request.body().getString("image"))
                .map(CopyOperations::active)
                .compose(image -> place(request, image))
                .map(BunkerOperations::view)
                .map(Reply::created);
    }

    private Future<Bunker> place(Request request, Image image) {
        BunkerId id = BunkerId.fresh();
        Caller caller = request.caller();
        Question.PlaceBunker order = new Question.PlaceBunker(
                id,
                caller.tenantId(),
                caller.userId(),
                image.id(),
                request.text("name").orElseGet(id::toString),
                room(request, image.registration().defaults()),
                BunkerWish.of(request, lives).encode(),
                0);
        Duration wait = Duration.ofSeconds(request.number("wait_for_image_s", 0));
        return placing.place(order, wait, request.gone()).compose(placement -> switch (placement) {
            case Answer.Placed placed -> bunker(placed.bunkerId());
            case Answer.Refused refused -> Future.failedFuture(refusal(refused));
        });
    }

    private static Room room(Request request, Room defaults) {
        return new Room(
                request.number("cpu_millicores", defaults.cpuMillicores()),
                request.number("memory_mb", defaults.memoryMb()),
                request.number("disk_mb", defaults.diskMb()));
    }

    private static PlatformException refusal(Answer.Refused refused) {
        PlatformException failure = new PlatformException(refused.code(), refused.message()).with(refused.reasons());
        return refused.retryAfterSeconds() > 0
                ? failure.retryAfter(Duration.ofSeconds(refused.retryAfterSeconds()))
                : failure;
    }

    private Future<Bunker> bunker(BunkerId id) {
        return Bunkers.find(database.client(), id).compose(Finder.there(ErrorCode.BUNKER_NOT_FOUND, "bunker", id));
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return imageFilter(request).compose(image -> {
            // An image that the caller does not see has no bunkers that they see.
            if (request.query("image").isPresent() && image.isEmpty()) {
                return Future.failedFuture(new PlatformException(
                        ErrorCode.IMAGE_NOT_FOUND,
                        "there is no image "
                                + Allowed.shorten(request.query("image").orElse(""))));
            }
            return Bunkers.list(database.client(), filter(request, image), request.afterId(), limit + 1)
                    .map(rows -> Reply.page(
                            rows,
                            limit,
                            BunkerOperations::view,
                            bunker -> bunker.id().value()));
        });
    }

    private Future<Optional<ImageId>> imageFilter(Request request) {
        return request.query("image")
                .map(name -> Finder.image(database.client(), request.caller().viewer(), name)
                        .map(image -> Optional.of(image.id())))
                .orElseGet(() -> Future.succeededFuture(Optional.empty()));
    }

    private static Bunkers.Filter filter(Request request, Optional<ImageId> image) {
        return filter(request.caller(), image, request.query("status"), request.query("lifecycle"));
    }

    /** Those that run from an image, as far as the caller sees them. */
    static Bunkers.Filter running(Caller caller, ImageId image) {
        return filter(caller, Optional.of(image), Optional.of(BunkerStatus.RUNNING.word()), Optional.empty());
    }

    private static Bunkers.Filter filter(
            Caller caller, Optional<ImageId> image, Optional<String> status, Optional<String> lifecycle) {
        Optional<UUID> tenant =
                caller.reach() == Scope.TENANT ? Optional.of(caller.tenantId().value()) : Optional.empty();
        Optional<UUID> partner =
                caller.reach() == Scope.PARTNER ? Optional.of(caller.partnerId().value()) : Optional.empty();
        Optional<UUID> user = caller.seesAllBunkers()
                ? Optional.empty()
                : Optional.of(caller.userId().value());
        return new Bunkers.Filter(tenant, partner, user, status, image.map(ImageId::value), lifecycle);
    }

    private Future<Reply> get(Request request) {
        return seen(request)
                .compose(bunker -> copy(bunker, request.caller())
                        .map(copy -> Reply.ok(view(bunker).put("copy", Shown.orNull(copy)))));
    }

    /** What one that was placed before its copy waits for. */
    private Future<Optional<JsonObject>> copy(Bunker bunker, Caller caller) {
        return bunker.status() == BunkerStatus.PENDING
                ? ImageCache.on(database.client(), bunker.imageId(), bunker.workerId())
                        .map(rows -> rows.filter(row -> row.status() != CacheStatus.READY)
                                .map(row -> CopyOperations.view(row, progress.of(bunker.imageId(), row), caller)))
                : Future.succeededFuture(Optional.empty());
    }

    /** The bunker, if the caller sees it: their own, or one within reach for those who see all. */
    Future<Bunker> seen(Request request) {
        BunkerId id = request.path("id", BunkerId::parse);
        Caller caller = request.caller();
        PlatformException gone = new PlatformException(ErrorCode.BUNKER_NOT_FOUND, "there is no bunker " + id);
        return bunker(id).compose(bunker -> {
            if (bunker.userId().equals(caller.userId())) {
                return Future.succeededFuture(bunker);
            }
            if (!caller.seesAllBunkers()) {
                return Future.failedFuture(gone);
            }
            return Tenants.find(database.client(), caller.viewer(), bunker.tenantId())
                    .compose(tenant -> tenant.isPresent() ? Future.succeededFuture(bunker) : Future.failedFuture(gone));
        });
    }

    /** The bunker, if the caller may act on it: their own, or one within reach for administrators. */
    Future<Bunker> own(Request request) {
        return seen(request).map(bunker -> {
            if (!bunker.userId().equals(request.caller().userId())) {
                request.caller().need(Permission.ADMIN);
            }
            return bunker;
        });
    }

    private Future<Reply> end(Request request) {
        if (request.query("snapshot").filter("true"::equals).isPresent()) {
            return own(request)
                    .compose(bunker -> snapshots
                            .askWithEnd(bunker)
                            .map(snapshot -> Reply.accepted(view(bunker)
                                    .put("snapshot_id", snapshot.id().toString()))));
        }
        return own(request)
                .compose(bunker -> Bunkers.askEnd(database.client(), bunker.id())
                        .onSuccess(asked -> post.nudge(new Nudge.BunkersChanged(bunker.workerId())))
                        .compose(asked -> bunker(bunker.id())))
                .map(BunkerOperations::view)
                .map(Reply::accepted);
    }

    private Future<Reply> turn(Request request, BunkerIntent intent) {
        return own(request)
                .compose(bunker -> Bunkers.askPause(database.client(), bunker.id(), intent == BunkerIntent.PAUSE)
                        .onSuccess(asked -> post.nudge(new Nudge.BunkersChanged(bunker.workerId())))
                        .compose(asked -> bunker(bunker.id())))
                .map(bunker -> {
                    boolean lives = bunker.status() == BunkerStatus.RUNNING || bunker.status() == BunkerStatus.PAUSED;
                    if (!lives || bunker.intent() != intent) {
                        throw new PlatformException(
                                ErrorCode.WRONG_STATE,
                                "bunker " + bunker.id() + " is "
                                        + bunker.status().word() + " and meant to "
                                        + bunker.intent().word() + " (expected: running or paused)");
                    }
                    return Reply.accepted(view(bunker));
                });
    }

    private static JsonObject boot(Bunker bunker, JsonObject phases) {
        return new JsonObject()
                .put("decide_ms", bunker.placement().getLong("decide_ms"))
                .mergeIn(phases);
    }

    static JsonObject view(Bunker bunker) {
        JsonObject wish = bunker.wish();
        Bunkers.Life life = bunker.life();
        return new JsonObject()
                .put("id", bunker.id().toString())
                .put("name", bunker.name())
                .put("tenant_id", bunker.tenantId().toString())
                .put("user_id", bunker.userId().toString())
                .put("image_id", bunker.imageId().toString())
                .put("image_name", bunker.imageName())
                .put("worker_id", bunker.workerId().toString())
                .put("status", bunker.status().word())
                .put("intent", bunker.intent().word())
                .put("lifecycle_mode", wish.getString("lifecycle_mode", "ephemeral"))
                .put("network_profile", wish.getString("network_profile", "isolated"))
                .put("network_allowlist", wish.getJsonArray("network_allowlist", new JsonArray()))
                .put("bandwidth_mbit", wish.getInteger("bandwidth_mbit"))
                .mergeIn(Shown.room(bunker.room()))
                .put("session_type", wish.getString("session_type"))
                .put("session_ref", wish.getString("session_ref"))
                .put("label_set", wish.getJsonObject("label_set", new JsonObject()))
                .put("max_lifetime_s", wish.getInteger("max_lifetime_s", 0))
                .put("idle_timeout_s", wish.getInteger("idle_timeout_s", 0))
                .put("restart_policy", wish.getString("restart_policy", RestartPolicy.NEVER.word()))
                .put("restarts", life.restarts())
                .put("placement", bunker.placement())
                .put("boot", Shown.orNull(life.boot().map(phases -> boot(bunker, phases))))
                .put("failure", Shown.failure(bunker.failureCode(), bunker.failureMessage()))
                .put("created_at", Shown.time(bunker.createdAt()))
                .put("started_at", Shown.time(bunker.startedAt()))
                .put("expires_at", Shown.time(life.expiresAt()))
                .put("idle_since", Shown.time(life.idleSince()))
                .put("ended_at", Shown.time(bunker.endedAt()))
                .put("ended_reason", Shown.orNull(life.endedReason().map(EndReason::word)));
    }
}
