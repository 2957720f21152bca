package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.store.Database;
import io.scaibunker.store.Workers;
import io.scaibunker.store.Workers.Worker;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** Workers: shown to whoever builds groups of them, drained and forgotten by the platform's own. */
final class WorkerOperations {
    private final Database database;
    private final Post post;

    WorkerOperations(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("listWorkers", this::list);
        operations.put("getWorker", this::get);
        operations.put("drainWorker", request -> intend(request, WorkerIntent.DRAIN));
        operations.put("resumeWorker", request -> intend(request, WorkerIntent.SERVE));
        operations.put("deleteWorker", this::forget);
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
    private Future<Reply> intend(Request request, WorkerIntent intent) {
        if (!request.caller().reachesAll()) {
            request.caller().need(Permission.ADMIN_PLATFORM);
        }
        return worker(request)
                .compose(worker -> Workers.intend(database.client(), worker.id(), intent)
                        .onSuccess(moved -> post.nudge(new Nudge.WorkerAsked(worker.id()))))
                .compose(moved -> worker(request))
                .map(WorkerOperations::view)
                .map(Reply::ok);
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
                .put("cache_bytes", worker.cacheBytes())
                .put("driver", worker.driver())
                .put("acceleration", worker.acceleration())
                .put("zone", worker.zone())
                .put("labels", worker.labels())
                .put("versions", worker.versions())
                .put("created_at", Shown.time(worker.createdAt()));
    }
}
