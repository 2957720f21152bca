package io.scaibunker.api;

import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Convergence;
import io.scaibunker.store.Convergence.Standing;
import io.scaibunker.store.Convergence.Tally;
import io.scaibunker.store.Convergence.UnderWay;
import io.scaibunker.store.Database;
import io.scaibunker.store.Viewer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** The fleet at a glance: how far it is from what is asked of it, what moves, who feeds whom, what does not work. */
final class FleetOperations {
    private static final int MOVING_SHOWN = 200;
    private static final int TROUBLES_SHOWN = 20;
    private static final int LEAVING_SHOWN = 1000;

    private final Database database;
    private final CopyProgress progress;

    FleetOperations(Database database, CopyProgress progress) {
        this.database = database;
        this.progress = progress;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("getFleet", this::show);
    }

    private Future<Reply> show(Request request) {
        Viewer viewer = request.caller().viewer();
        return Future.all(
                        Convergence.tally(database.client(), viewer),
                        Convergence.underWay(database.client(), viewer, MOVING_SHOWN),
                        Convergence.troubles(database.client(), viewer, TROUBLES_SHOWN),
                        Convergence.workers(database.client()),
                        Convergence.leaving(database.client(), viewer, LEAVING_SHOWN))
                .map(read -> {
                    List<Tally> tallies = read.resultAt(0);
                    List<UnderWay> moving = read.resultAt(1);
                    List<Convergence.Trouble> troubles = read.resultAt(2);
                    List<Standing> workers = read.resultAt(3);
                    List<Convergence.Leaving> leaving = read.resultAt(4);
                    return Reply.ok(new JsonObject()
                            .put("copies", copies(tallies))
                            .put("workers", workers(workers))
                            .put(
                                    "moving",
                                    new JsonArray(
                                            moving.stream().map(this::view).toList()))
                            .put(
                                    "leaving",
                                    new JsonArray(leaving.stream()
                                            .map(worker -> new JsonObject()
                                                    .put(
                                                            "worker_id",
                                                            worker.workerId().toString())
                                                    .put("worker_name", worker.workerName())
                                                    .put("copies", worker.copies()))
                                            .toList()))
                            .put(
                                    "troubles",
                                    new JsonArray(troubles.stream()
                                            .map(trouble -> new JsonObject()
                                                    .put("code", trouble.code())
                                                    .put("copies", trouble.copies())
                                                    .put("message", trouble.message()))
                                            .toList())));
                });
    }

    private static JsonObject copies(List<Tally> tallies) {
        JsonObject copies = new JsonObject();
        for (CacheStatus status : CacheStatus.values()) {
            copies.put(status.word(), 0);
        }
        copies.put("lost", 0);
        tallies.forEach(tally -> copies.put(tally.status(), tally.copies()));
        return copies.put("leaving", tallies.stream().mapToInt(Tally::leaving).sum());
    }

    private static JsonObject workers(List<Standing> standings) {
        JsonObject workers = new JsonObject();
        for (WorkerStatus status : WorkerStatus.values()) {
            workers.put(status.word(), 0);
        }
        standings.forEach(standing -> workers.put(standing.status(), standing.workers()));
        List<Standing> there = standings.stream()
                .filter(standing -> !standing.status().equals(WorkerStatus.LOST.word()))
                .toList();
        return workers.put("cache_bytes", sum(there, Standing::cacheBytes))
                .put("cpu_millicores", sum(there, Standing::cpu))
                .put("allocated_cpu_millicores", sum(there, Standing::cpuTaken))
                .put("memory_mb", sum(there, Standing::memory))
                .put("allocated_memory_mb", sum(there, Standing::memoryTaken));
    }

    private static long sum(List<Standing> standings, ToLongFunction<Standing> of) {
        return standings.stream().mapToLong(of).sum();
    }

    private JsonObject view(UnderWay copy) {
        return progress.of(copy.imageId(), copy.workerId(), copy.generation())
                .orElse(Advance.NONE)
                // Who may look at the fleet may list its workers.
                .put(
                        new JsonObject()
                                .put("image_id", copy.imageId().toString())
                                .put("image_name", copy.imageName())
                                .put("worker_id", copy.workerId().toString())
                                .put("worker_name", copy.workerName())
                                .put(
                                        "phase",
                                        copy.phase().map(phase -> phase.word()).orElse(null))
                                .put("since", Shown.time(copy.since())),
                        true);
    }
}
