package io.scaibunker.api;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Workers;
import io.scaibunker.store.Workers.Worker;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Workers: shown to whoever builds groups of them, drained and forgotten by the platform's own. */
final class WorkerOperations {
    private final Database database;
    private final Post post;
    private final Duration askTimeout;

    WorkerOperations(Database database, Post post, Duration askTimeout) {
        this.database = database;
        this.post = post;
        this.askTimeout = askTimeout;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("listWorkers", this::list);
        operations.put("getWorker", this::get);
        operations.put("drainWorker", request -> intend(request, id -> Workers.drain(sql(), id, deadline(request))));
        operations.put("resumeWorker", request -> intend(request, id -> Workers.resume(sql(), id)));
        operations.put("deleteWorker", this::forget);
        operations.put("collectGarbage", this::collect);
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return Workers.list(database.client(), request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows,
                        limit,
                        WorkerOperations::view,
                        worker -> worker.id().value()));
    }

    private Future<Reply> get(Request request) {
        return worker(request).map(WorkerOperations::view).map(Reply::ok);
    }

    private Future<Worker> worker(Request request) {
        WorkerId id = request.path("id", WorkerId::parse);
        return Workers.find(database.client(), id).compose(Finder.there(ErrorCode.WORKER_NOT_FOUND, "worker", id));
    }

    /** A worker runs the bunkers of many tenants: a tenant's administrator must not stop it. */
    private Future<Reply> intend(Request request, Function<WorkerId, Future<?>> intend) {
        needPlatform(request);
        return worker(request)
                .compose(worker ->
                        intend.apply(worker.id()).onSuccess(moved -> post.nudge(new Nudge.WorkerAsked(worker.id()))))
                .compose(moved -> worker(request))
                .map(WorkerOperations::view)
                .map(Reply::ok);
    }

    private static Optional<Duration> deadline(Request request) {
        return Optional.ofNullable(request.body().getInteger("deadline_s")).map(Duration::ofSeconds);
    }

    private SqlClient sql() {
        return database.client();
    }

    private static void needPlatform(Request request) {
        if (!request.caller().reachesAll()) {
            request.caller().need(Permission.ADMIN_PLATFORM);
        }
    }

    /** The worker itself says what goes: it alone knows what lies on its disk. */
    private Future<Reply> collect(Request request) {
        needPlatform(request);
        boolean dryRun = request.query("dry_run").filter("true"::equals).isPresent();
        return worker(request)
                // What nobody asks for any more is let go now, rather than with the scanner's next sweep.
                .compose(worker -> dryRun
                        ? Future.succeededFuture(worker)
                        : ImageCache.releaseReady(database.client(), Optional.of(worker.id()))
                                .map(released -> worker))
                .compose(worker -> post.ask(new Question.GarbageAsked(worker.id(), dryRun), askTimeout)
                        .map(garbage -> Reply.ok(view(worker, dryRun, garbage))));
    }

    private static JsonObject view(Worker worker, boolean dryRun, Answer.Garbage garbage) {
        JsonArray items = new JsonArray();
        garbage.items()
                .forEach(item -> items.add(new JsonObject()
                        .put("kind", item.kind())
                        .put(
                                "image_id",
                                Shown.orNull(Optional.ofNullable(item.imageId()).map(Object::toString)))
                        .put(
                                "artifact_digest",
                                Shown.orNull(Optional.ofNullable(item.artifactDigest())
                                        .map(Object::toString)))
                        .put("bytes", item.bytes())
                        .put("goes", item.goes())
                        .put("why", item.why())));
        return new JsonObject()
                .put("worker_id", worker.id().toString())
                .put("dry_run", dryRun)
                .put("quota_bytes", garbage.quotaBytes())
                .put("freed_bytes", garbage.freed())
                .put("kept_bytes", garbage.kept())
                .put("items", items)
                .put("more", garbage.more());
    }

    private Future<Reply> forget(Request request) {
        return worker(request)
                .compose(worker -> Workers.forget(database.client(), worker.id())
                        .map(gone -> {
                            if (!gone) {
                                throw new PlatformException(
                                        ErrorCode.WRONG_STATE,
                                        "worker " + worker.id() + " is "
                                                + worker.status().word()
                                                + " or runs bunkers (expected: lost, or draining with none)");
                            }
                            return worker;
                        }))
                .map(WorkerOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(Worker worker) {
        return new JsonObject()
                .put("id", worker.id().toString())
                .put("name", worker.name())
                .put("status", worker.status().word())
                .put("intent", worker.intent().word())
                .put("last_heartbeat", Shown.time(worker.lastHeartbeat()))
                .put("capacity", Shown.room(worker.capacity()))
                .put("allocated", Shown.room(worker.allocated()))
                .put("bunkers", worker.bunkers())
                .put("drain_until", Shown.time(worker.drainUntil()))
                .put("cache_bytes", worker.cacheBytes())
                .put("cache_quota_bytes", Shown.orNull(worker.cacheQuota()))
                .put("driver", worker.driver())
                .put("acceleration", worker.acceleration())
                .put("zone", worker.zone())
                .put("labels", worker.labels())
                .put("versions", worker.versions())
                .put("capabilities", capabilities(worker))
                .put("created_at", Shown.time(worker.createdAt()));
    }

    private static JsonObject capabilities(Worker worker) {
        return new JsonObject()
                .put(
                        "network_profiles",
                        new JsonArray(worker.networkProfiles().stream()
                                .map(Word::word)
                                .toList()))
                .put("enforced", worker.limits().getJsonArray("enforced", new JsonArray()))
                .put("reasons", worker.limits().getJsonObject("reasons", new JsonObject()));
    }
}
