package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Scope;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.store.Database;
import io.scaibunker.store.Snapshots;
import io.scaibunker.store.Snapshots.Snapshot;
import io.scaibunker.store.Tenants;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.util.Map;
import java.util.Optional;

/** Snapshots: asked for, shown, let go; and held for the images that are made of them. */
final class SnapshotOperations {
    private final Database database;
    private final Post post;
    private final BunkerOperations bunkers;
    private final SnapshotDesk desk;

    SnapshotOperations(Database database, Post post, BunkerOperations bunkers, SnapshotDesk desk) {
        this.database = database;
        this.post = post;
        this.bunkers = bunkers;
        this.desk = desk;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createSnapshot", this::create);
        operations.put("listSnapshots", this::list);
        operations.put("getSnapshot", this::get);
        operations.put("deleteSnapshot", this::delete);
    }

    private Future<Reply> create(Request request) {
        return bunkers.own(request)
                .compose(desk::ask)
                .map(SnapshotOperations::view)
                .map(Reply::accepted);
    }

    private Future<Reply> list(Request request) {
        Caller caller = request.caller();
        Snapshots.Filter filter = new Snapshots.Filter(
                caller.reach() == Scope.TENANT ? Optional.of(caller.tenantId().value()) : Optional.empty(),
                caller.reach() == Scope.PARTNER ? Optional.of(caller.partnerId().value()) : Optional.empty(),
                caller.seesAllBunkers()
                        ? Optional.empty()
                        : Optional.of(caller.userId().value()),
                request.query("bunker").map(id -> BunkerId.parse(id).value()));
        int limit = request.limit();
        return Snapshots.list(database.client(), filter, request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows,
                        limit,
                        SnapshotOperations::view,
                        snapshot -> snapshot.id().value()));
    }

    private Future<Reply> get(Request request) {
        return seen(database.client(), request.caller(), request.path("id", SnapshotId::parse))
                .map(SnapshotOperations::view)
                .map(Reply::ok);
    }

    /** The snapshot, if the caller sees it: as with the bunker that it was taken of. */
    private static Future<Snapshot> seen(SqlClient sql, Caller caller, SnapshotId id) {
        PlatformException gone = new PlatformException(ErrorCode.SNAPSHOT_NOT_FOUND, "there is no snapshot " + id);
        return Snapshots.find(sql, id).compose(found -> {
            if (found.isEmpty()) {
                return Future.failedFuture(gone);
            }
            Snapshot snapshot = found.get();
            if (snapshot.userId().equals(caller.userId())) {
                return Future.succeededFuture(snapshot);
            }
            if (!caller.seesAllBunkers()) {
                return Future.failedFuture(gone);
            }
            return Tenants.find(sql, caller.viewer(), snapshot.tenantId())
                    .compose(tenant ->
                            tenant.isPresent() ? Future.succeededFuture(snapshot) : Future.failedFuture(gone));
        });
    }

    /** The same, if the caller may act on it. */
    private static Future<Snapshot> own(SqlClient sql, Caller caller, SnapshotId id) {
        return seen(sql, caller, id).map(snapshot -> {
            if (!snapshot.userId().equals(caller.userId())) {
                caller.need(Permission.ADMIN);
            }
            return snapshot;
        });
    }

    private Future<Reply> delete(Request request) {
        SqlClient sql = database.client();
        return own(sql, request.caller(), request.path("id", SnapshotId::parse))
                .compose(snapshot -> Snapshots.letGo(sql, snapshot.id())
                        .compose(gone -> gone || !snapshot.wanted() ? Future.succeededFuture() : refuse(snapshot.id()))
                        .onSuccess(asked -> post.nudge(new Nudge.SnapshotsChanged(snapshot.workerId())))
                        .compose(asked -> seen(sql, request.caller(), snapshot.id())))
                .map(SnapshotOperations::view)
                .map(Reply::ok);
    }

    private Future<?> refuse(SnapshotId id) {
        return Snapshots.imageOf(database.client(), id).map(image -> {
            image.ifPresent(found -> {
                throw inUse(id, found);
            });
            // Somebody else let it go meanwhile.
            return image;
        });
    }

    private static PlatformException inUse(SnapshotId id, ImageId image) {
        return new PlatformException(
                ErrorCode.WRONG_STATE, "snapshot " + id + " is what image " + image + " is made of, which is active");
    }

    /**
     * Where an image is to be made of a snapshot: holds that for the transaction.
     *
     * @throws PlatformException unless the caller may use it for an image of their tenant, and it is ready
     */
    Future<?> hold(SqlClient sql, Caller caller, JsonObject source) {
        if (!"snapshot".equals(source.getString("kind"))) {
            return Future.succeededFuture();
        }
        SnapshotId id = SnapshotId.parse(source.getString("snapshot_id"));
        return own(sql, caller, id).compose(snapshot -> {
            if (!snapshot.tenantId().equals(caller.tenantId())) {
                throw PlatformException.invalid("build_source.snapshot_id", "is of another tenant");
            }
            return Snapshots.hold(sql, id).map(held -> {
                if (!held) {
                    throw new PlatformException(
                            ErrorCode.WRONG_STATE, "snapshot " + id + " is " + status(snapshot) + " (expected: ready)");
                }
                return snapshot;
            });
        });
    }

    private static String status(Snapshot snapshot) {
        return (snapshot.wanted() ? snapshot.status() : SnapshotStatus.DELETED).word();
    }

    private static JsonObject view(Snapshot snapshot) {
        return new JsonObject()
                .put("id", snapshot.id().toString())
                .put("bunker_id", snapshot.bunkerId().toString())
                .put("image_id", snapshot.imageId().toString())
                .put("image_name", snapshot.imageName())
                .put("worker_id", snapshot.workerId().toString())
                .put("tenant_id", snapshot.tenantId().toString())
                .put("user_id", snapshot.userId().toString())
                .put("status", status(snapshot))
                .put("ends_bunker", snapshot.endsBunker())
                .put("digest", snapshot.digest().map(Object::toString).orElse(null))
                .put("size_bytes", snapshot.sizeBytes().orElse(null))
                .put("error", Shown.failure(snapshot.errorCode(), snapshot.errorMessage()))
                .put("created_at", Shown.time(snapshot.createdAt()))
                .put("updated_at", Shown.time(snapshot.updatedAt()));
    }
}
