package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImagePolicy;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Scope;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.AvailabilityGroups;
import io.scaibunker.store.AvailabilityGroups.Group;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Images;
import io.scaibunker.store.Viewer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Availability groups: which workers hold which images. A change of one starts the same machinery as a registration. */
final class GroupOperations {
    private final Database database;
    private final Post post;

    GroupOperations(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createGroup", this::create);
        operations.put("listGroups", this::list);
        operations.put("getGroup", this::get);
        operations.put("deleteGroup", this::delete);
        operations.put("addGroupImages", this::addImages);
        operations.put("removeGroupImage", this::removeImage);
        operations.put("addGroupWorkers", this::addWorkers);
        operations.put("removeGroupWorker", this::removeWorker);
    }

    private Future<Reply> create(Request request) {
        Caller caller = request.caller();
        JsonObject body = request.body();
        AvailabilityGroups.Founding founding = new AvailabilityGroups.Founding(
                body.getString("name"),
                body.getString("description", ""),
                Word.parse(Scope.class, body.getString("scope", Scope.TENANT.word())),
                caller.tenantId(),
                caller.partnerId(),
                Word.parse(ImagePolicy.class, body.getString("image_policy", ImagePolicy.LISTED.word())));
        caller.need(neededFor(founding.scope()));
        GroupId id = GroupId.fresh();
        return AvailabilityGroups.insert(database.client(), id, founding)
                .compose(inserted -> group(database.client(), caller, id))
                .map(GroupOperations::view)
                .map(Reply::created);
    }

    private static Permission neededFor(Scope scope) {
        return scope == Scope.PLATFORM ? Permission.ADMIN_PLATFORM : Permission.ADMIN_TENANT;
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return AvailabilityGroups.list(database.client(), request.caller().viewer(), request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows, limit, GroupOperations::view, group -> group.id().value()));
    }

    private Future<Reply> get(Request request) {
        return group(database.client(), request.caller(), request.path("id", GroupId::parse))
                .map(GroupOperations::view)
                .map(Reply::ok);
    }

    private static Future<Group> group(SqlClient sql, Caller caller, GroupId id) {
        return AvailabilityGroups.find(sql, caller.viewer(), id)
                .compose(Finder.there(ErrorCode.GROUP_NOT_FOUND, "group", id));
    }

    /** The group, if the caller may change it; seeing it is less. */
    private Future<Group> managed(SqlClient sql, Request request) {
        return group(sql, request.caller(), request.path("id", GroupId::parse)).map(group -> {
            request.caller().need(neededFor(group.founding().scope()));
            return group;
        });
    }

    private Future<Reply> delete(Request request) {
        return managed(database.client(), request)
                .compose(group ->
                        AvailabilityGroups.delete(database.client(), group.id()).map(group))
                .onSuccess(gone -> post.nudge(new Nudge.CopiesAsked()))
                .map(GroupOperations::view)
                .map(Reply::ok);
    }

    private Future<Reply> addImages(Request request) {
        List<ImageId> images = ids(request, "image_ids", ImageId::parse);
        return changed(
                request,
                (sql, group) -> visible(sql, request.caller(), group, images)
                        .compose(seen -> AvailabilityGroups.addImages(sql, group.id(), images))
                        .compose(added -> spread(sql, images))
                        .compose(spread -> AvailabilityGroups.warmth(sql, group.id(), images, List.of())));
    }

    private Future<Reply> addWorkers(Request request) {
        List<WorkerId> workers = ids(request, "worker_ids", WorkerId::parse);
        return changed(
                request,
                (sql, group) -> AvailabilityGroups.addWorkers(sql, group.id(), workers)
                        .compose(found -> {
                            workers.stream()
                                    .filter(worker -> !found.contains(worker))
                                    .findFirst()
                                    .ifPresent(missing -> {
                                        throw new PlatformException(
                                                ErrorCode.WORKER_NOT_FOUND, "there is no worker " + missing);
                                    });
                            return ImageCache.spreadAll(sql);
                        })
                        .compose(spread -> AvailabilityGroups.warmth(sql, group.id(), List.of(), workers)));
    }

    private interface Change {
        Future<WarmCounts> make(SqlClient sql, Group group);
    }

    /** Membership and pending copies in one transaction: the answer's counts are true. */
    private Future<Reply> changed(Request request, Change change) {
        return database.inTransaction(sql -> managed(sql, request)
                        .compose(group -> change.make(sql, group)
                                .compose(warm -> group(sql, request.caller(), group.id())
                                        .map(now -> view(now).put("warm", Shown.warm(warm))))))
                .onSuccess(committed -> post.nudge(new Nudge.CopiesAsked()))
                .map(Reply::ok);
    }

    private static Future<Void> spread(SqlClient sql, List<ImageId> images) {
        Future<Void> spread = Future.succeededFuture();
        for (ImageId image : images) {
            spread = spread.compose(before -> ImageCache.spread(sql, image).mapEmpty());
        }
        return spread;
    }

    /** Each must be there for the caller and for the group's tenant, and be of a scope that the group may hold. */
    private static Future<Void> visible(SqlClient sql, Caller caller, Group group, List<ImageId> images) {
        AvailabilityGroups.Founding founding = group.founding();
        Viewer owner = Viewer.ofTenant(founding.tenantId(), founding.partnerId());
        Future<Void> seen = Future.succeededFuture();
        for (ImageId id : images) {
            seen = seen.compose(before -> Finder.image(sql, caller.viewer(), id.toString()))
                    .map(CopyOperations::active)
                    .compose(image -> fits(sql, founding, owner, image));
        }
        return seen;
    }

    private static Future<Void> fits(
            SqlClient sql, AvailabilityGroups.Founding founding, Viewer owner, Images.Image image) {
        if (founding.scope() == Scope.PLATFORM) {
            return image.registration().scope() == Scope.PLATFORM
                    ? Future.succeededFuture()
                    : Future.failedFuture(PlatformException.invalid(
                            "image_ids",
                            image.id() + " is not of platform scope, which a platform group's images are"));
        }
        return Finder.image(sql, owner, image.id().toString()).mapEmpty();
    }

    private static <T> List<T> ids(Request request, String field, Function<String, T> parse) {
        return request.body().getJsonArray(field).stream()
                .map(id -> parse.apply((String) id))
                .distinct()
                .toList();
    }

    private Future<Reply> removeImage(Request request) {
        return removed(
                request,
                group -> AvailabilityGroups.removeImage(
                        database.client(), group.id(), request.path("image_id", ImageId::parse)));
    }

    private Future<Reply> removeWorker(Request request) {
        return removed(
                request,
                group -> AvailabilityGroups.removeWorker(
                        database.client(), group.id(), request.path("worker_id", WorkerId::parse)));
    }

    /** Copies that no other group asks for are let go by the rooms that look after them. */
    private Future<Reply> removed(Request request, Function<Group, Future<Boolean>> remove) {
        return managed(database.client(), request)
                .compose(group -> remove.apply(group).map(group))
                .onSuccess(gone -> post.nudge(new Nudge.CopiesAsked()))
                .compose(group -> group(database.client(), request.caller(), group.id()))
                .map(GroupOperations::view)
                .map(Reply::ok);
    }

    private static JsonObject view(Group group) {
        AvailabilityGroups.Founding said = group.founding();
        return new JsonObject()
                .put("id", group.id().toString())
                .put("name", said.name())
                .put("description", said.description())
                .put("scope", said.scope().word())
                .put("tenant_id", said.tenantId().toString())
                .put("image_policy", said.imagePolicy().word())
                .put(
                        "image_ids",
                        new JsonArray(
                                group.images().stream().map(ImageId::toString).toList()))
                .put(
                        "worker_ids",
                        new JsonArray(
                                group.workers().stream().map(WorkerId::toString).toList()))
                .put("created_at", Shown.time(group.createdAt()));
    }
}
