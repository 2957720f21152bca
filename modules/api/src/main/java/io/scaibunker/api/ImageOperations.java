package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.Word;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.AvailabilityGroups;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Images;
import io.scaibunker.store.Images.Image;
import io.scaibunker.store.Scans;
import io.scaibunker.store.SecretBox;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Images: registered, shown, deactivated. How their copies stand is told by {@link CopyOperations}. */
final class ImageOperations {
    /** Where neither the bunker nor its image says. */
    static final Room ROOM_DEFAULT = new Room(1000, 512, 1024);

    private final Database database;
    private final Post post;
    private final Rehearsal rehearsal;
    private final SnapshotOperations snapshots;

    ImageOperations(Database database, SecretBox box, Post post, SnapshotOperations snapshots) {
        this.rehearsal = new Rehearsal(database, box, post);
        this.database = database;
        this.post = post;
        this.snapshots = snapshots;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("registerImage", this::register);
        operations.put("listImages", this::list);
        operations.put("getImage", this::get);
        operations.put("deactivateImage", this::deactivate);
        operations.put("deleteImage", this::deactivate);
    }

    private Future<Reply> register(Request request) {
        Images.Registration registration = registration(request);
        ImageId id = ImageId.fresh();
        if (request.query("dry_run").filter("true"::equals).isPresent()) {
            return rehearsal.of(
                    registration,
                    asked(registration),
                    id,
                    sql -> write(sql, id, registration).map(Shown::warm));
        }
        return database.inTransaction(sql -> snapshots
                        .hold(sql, request.caller(), registration.buildSource())
                        .compose(held -> write(sql, id, registration))
                        .compose(warm -> Finder.image(sql, request.caller().viewer(), id.toString())
                                .map(image -> view(image).put("warm", Shown.warm(warm)))))
                .onSuccess(committed -> {
                    post.nudge(new Nudge.ImageRegistered(id));
                    post.nudge(new Nudge.ScanAsked(id));
                })
                .map(Reply::created);
    }

    /** Image, scan and pending copies in one transaction: the first answer's counts are true. */
    private static Future<WarmCounts> write(SqlClient sql, ImageId id, Images.Registration registration) {
        return Images.insert(sql, id, registration)
                .compose(inserted -> Scans.await(sql, id))
                .compose(awaited -> ImageCache.spread(sql, id));
    }

    private static BuildSource asked(Images.Registration registration) {
        JsonObject source = registration.buildSource();
        return switch (source.getString("kind")) {
            case "oci" -> new BuildSource.Oci(source.getString("ref"), source.getString("platform"));
            case "tar" -> new BuildSource.Tar(source.getString("path"));
            default ->
                throw PlatformException.invalid(
                        "dry_run", "is for what lies elsewhere: a snapshot is known to be there");
        };
    }

    private static Images.Registration registration(Request request) {
        Caller caller = request.caller();
        JsonObject body = request.body();
        Scope scope = Word.parse(Scope.class, body.getString("scope", Scope.TENANT.word()));
        if (scope.compareTo(caller.reach()) > 0) {
            throw Caller.denied("an image of scope " + scope.word() + " needs a role that reaches the " + scope.word());
        }
        return new Images.Registration(
                body.getString("name"),
                body.getString("description", ""),
                scope,
                caller.tenantId(),
                caller.partnerId(),
                caller.userId(),
                source(body.getJsonObject("build_source")),
                body.getInteger("size_mib"),
                new Room(
                        request.number("default_cpu_millicores", ROOM_DEFAULT.cpuMillicores()),
                        request.number("default_memory_mb", ROOM_DEFAULT.memoryMb()),
                        request.number("default_disk_mb", ROOM_DEFAULT.diskMb())),
                body.getBoolean("lazy_pull", false),
                body.getJsonObject("labels", new JsonObject()));
    }

    private static JsonObject source(JsonObject asked) {
        JsonObject source = asked.copy();
        if ("oci".equals(source.getString("kind")) && !source.containsKey("platform")) {
            source.put("platform", BuildSource.Oci.PLATFORM_DEFAULT);
        }
        String path = source.getString("path", "/");
        if (path.contains("/../") || path.endsWith("/..")) {
            throw PlatformException.invalid("build_source.path", "must not contain ..");
        }
        return source;
    }

    private Future<Reply> list(Request request) {
        Images.Filter filter =
                new Images.Filter(request.query("status"), request.query("scope"), request.query("name"));
        int limit = request.limit();
        return Images.list(database.client(), request.caller().viewer(), filter, request.afterId(), limit + 1)
                .compose(rows -> ImageCache.readiness(
                                database.client(), rows.stream().map(Image::id).toList())
                        .map(ready -> Reply.page(
                                rows,
                                limit,
                                image -> view(image)
                                        .put(
                                                "readiness",
                                                view(ready.getOrDefault(image.id(), ImageCache.Readiness.NONE))),
                                image -> image.id().value())));
    }

    private Future<Reply> get(Request request) {
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .compose(image -> whole(database.client(), request.caller(), image)
                        .compose(shown -> laidOut(request.caller(), image, shown)))
                .map(Reply::ok);
    }

    /** With the layers that its artifact consists of: too many for a list, and for every watcher. */
    private Future<JsonObject> laidOut(Caller caller, Image image, JsonObject shown) {
        JsonObject artifact = shown.getJsonObject("artifact");
        return artifact == null
                ? Future.succeededFuture(shown)
                : Artifacts.layout(database.client(), caller.viewer(), image.id())
                        .map(layout -> {
                            artifact.put(
                                            "segments",
                                            layout.map(ImageOperations::segments)
                                                    .orElse(null))
                                    .put(
                                            "segments_more",
                                            layout.map(Artifacts.Layout::more).orElse(0));
                            return shown;
                        });
    }

    private static JsonArray segments(Artifacts.Layout layout) {
        return new JsonArray(layout.segments().stream()
                .map(segment -> new JsonObject()
                        .put("diff_id", Shown.orNull(segment.diffId().map(Digest::text)))
                        .put("bytes", segment.bytes())
                        .put("hidden_bytes", segment.hiddenBytes())
                        .put("reused", segment.reused())
                        .put("shared_with", segment.sharedWith()))
                .toList());
    }

    /** An image with how its copies stand, in all and by the groups that the caller sees. */
    static Future<JsonObject> whole(SqlClient sql, Caller caller, Image image) {
        return ImageCache.readiness(sql, image.id())
                .compose(all -> AvailabilityGroups.readiness(sql, caller.viewer(), image.id())
                        .map(groups -> view(image)
                                .put("readiness", view(all, groups))
                                .put("usable_at", Shown.time(all.usableAt()))
                                .put("complete_at", Shown.time(all.completeAt()))));
    }

    private static JsonObject view(ImageCache.Readiness all, List<AvailabilityGroups.GroupReadiness> groups) {
        JsonArray byGroup = new JsonArray();
        groups.forEach(group -> byGroup.add(new JsonObject()
                .put("group_id", group.id().toString())
                .put("name", group.name())
                .mergeIn(view(group.readiness()))));
        return view(all).put("groups", byGroup);
    }

    private static JsonObject view(ImageCache.Readiness readiness) {
        return new JsonObject()
                .put("ready", readiness.ready())
                .put("targeted", readiness.targeted())
                .put("lost", readiness.lost());
    }

    private Future<Reply> deactivate(Request request) {
        return Finder.ownImage(database.client(), request.caller(), request.path("id"))
                .compose(image -> database.inTransaction(sql -> Images.deactivate(sql, image.id())
                                .compose(moved -> ImageCache.cancelUnasked(sql, Optional.of(image.id()))))
                        .onSuccess(committed -> post.nudge(new Nudge.ImageDeactivated(image.id())))
                        .map(image.id()))
                .compose(id -> Finder.image(database.client(), request.caller().viewer(), id.toString()))
                .map(ImageOperations::view)
                .map(Reply::ok);
    }

    static JsonObject view(Image image) {
        Images.Registration said = image.registration();
        return new JsonObject()
                .put("id", image.id().toString())
                .put("name", said.name())
                .put("description", said.description())
                .put("scope", said.scope().word())
                .put("tenant_id", said.tenantId().toString())
                .put("created_by", said.createdBy().toString())
                .put("build_source", said.buildSource())
                .put("size_mib", said.sizeMib())
                .put("default_cpu_millicores", said.defaults().cpuMillicores())
                .put("default_memory_mb", said.defaults().memoryMb())
                .put("default_disk_mb", said.defaults().diskMb())
                .put("lazy_pull", said.lazyPull())
                .put("labels", said.labels())
                .put("status", image.status().word())
                .put("manifest_digest", Shown.orNull(image.manifestDigest()))
                .put("artifact", image.baked().map(ImageOperations::view).orElse(null))
                .put("scan_status", image.scanStatus().word())
                .put("scan_reason", Shown.orNull(image.scanReason()))
                .put("created_at", Shown.time(image.createdAt()))
                .put("deactivated_at", Shown.time(image.deactivatedAt()));
    }

    private static JsonObject view(Images.Baked baked) {
        return new JsonObject()
                .put("digest", baked.digest().text())
                .put("size_bytes", baked.sizeBytes())
                .put("allocated_bytes", baked.allocatedBytes())
                .put("entries", baked.entries())
                .put("created_at", Shown.time(baked.createdAt()));
    }
}
