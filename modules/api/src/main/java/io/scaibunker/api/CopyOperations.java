package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImageStatus;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.AvailabilityGroups;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.Images.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The copies of an image: how they stand on each worker, and asking for them again. */
final class CopyOperations {
    private final Database database;
    private final Post post;
    private final CopyProgress progress;

    CopyOperations(Database database, Post post, CopyProgress progress) {
        this.database = database;
        this.post = post;
        this.progress = progress;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("getImageCache", this::show);
        operations.put("warmImage", this::warm);
    }

    private Future<Reply> show(Request request) {
        int limit = request.limit();
        Optional<String> after = request.afterText();
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .compose(image -> ImageCache.of(database.client(), image.id()).map(rows -> {
                    List<CacheRow> behind = rows.stream()
                            .filter(row -> after.map(key -> place(row).compareTo(key) > 0)
                                    .orElse(true))
                            .sorted((one, other) -> place(one).compareTo(place(other)))
                            .toList();
                    return Reply.pageBy(
                                    behind,
                                    limit,
                                    row -> view(row, progress.of(image.id(), row), request.caller()),
                                    row -> Cursor.of(place(row)))
                            .with("summary", summary(rows));
                }));
    }

    private static String place(CacheRow row) {
        return row.workerName() + " " + row.workerId();
    }

    /** By status; rows of workers that are lost count as that alone, so that they do not stand in the way of «done». */
    static JsonObject summary(List<CacheRow> rows) {
        JsonObject summary = new JsonObject();
        for (CacheStatus status : CacheStatus.values()) {
            summary.put(
                    status.word(),
                    rows.stream()
                            .filter(row -> row.status() == status && !isLost(row))
                            .count());
        }
        return summary.put("lost", rows.stream().filter(CopyOperations::isLost).count());
    }

    private static boolean isLost(CacheRow row) {
        return row.workerStatus() == WorkerStatus.LOST;
    }

    static JsonObject view(CacheRow row, Advance advance, Caller caller) {
        return advance.put(
                new JsonObject()
                        .put("worker_id", row.workerId().toString())
                        .put("worker_name", row.workerName())
                        .put("worker_status", row.workerStatus().word())
                        .put(
                                "group_ids",
                                new JsonArray(row.groups().stream()
                                        .map(id -> new GroupId(id).toString())
                                        .toList()))
                        .put("wanted", row.wanted())
                        .put("status", row.status().word())
                        .put("phase", row.phase().map(phase -> phase.word()).orElse(null))
                        .put("attempts", row.attempts())
                        .put("error", Shown.failure(row.errorCode(), row.errorMessage()))
                        .put(
                                "artifact_digest",
                                row.artifactDigest().map(Object::toString).orElse(null))
                        .put("updated_at", Shown.time(row.updatedAt())),
                caller.seesWorkers());
    }

    private Future<Reply> warm(Request request) {
        Optional<List<WorkerId>> workers = Optional.ofNullable(request.body().getJsonArray("worker_ids"))
                .map(ids -> ids.stream()
                        .map(id -> WorkerId.parse((String) id))
                        .distinct()
                        .toList());
        return Finder.ownImage(database.client(), request.caller(), request.path("id"))
                .map(CopyOperations::active)
                .compose(image -> database.inTransaction(sql -> targeted(sql, image.id(), workers)
                        .compose(checked -> ImageCache.askAgain(sql, image.id(), workers))))
                .onSuccess(committed -> post.nudge(new Nudge.CopiesAsked()))
                .map(counts -> Reply.accepted(new JsonObject().put("warm", Shown.warm(counts))));
    }

    static Image active(Image image) {
        if (image.status() == ImageStatus.DEACTIVATED) {
            throw new PlatformException(
                    ErrorCode.IMAGE_DEACTIVATED, "image " + image.registration().name() + " is deactivated");
        }
        return image;
    }

    private static Future<Void> targeted(SqlClient sql, ImageId imageId, Optional<List<WorkerId>> workers) {
        if (workers.isEmpty()) {
            return Future.succeededFuture();
        }
        List<WorkerId> asked = workers.get();
        return AvailabilityGroups.targets(sql, imageId, asked).compose(targets -> {
            List<WorkerId> unknown = targets.unknown(asked);
            if (!unknown.isEmpty()) {
                throw new PlatformException(ErrorCode.WORKER_NOT_FOUND, "there is no worker " + unknown.getFirst());
            }
            if (!targets.untargeted().isEmpty()) {
                throw PlatformException.invalid(
                        "worker_ids",
                        "no group asks for this image on worker "
                                + targets.untargeted().getFirst());
            }
            return Future.succeededFuture();
        });
    }
}
