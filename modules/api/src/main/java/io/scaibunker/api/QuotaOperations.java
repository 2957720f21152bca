package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.QuotaId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.Word;
import io.scaibunker.store.Database;
import io.scaibunker.store.Quotas;
import io.scaibunker.store.Quotas.Bucket;
import io.scaibunker.store.Quotas.Caps;
import io.scaibunker.store.Quotas.Profile;
import io.scaibunker.store.Quotas.Usage;
import io.scaibunker.store.Tenants;
import io.scaibunker.store.Users;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Quotas: caps on what the bunkers of a tenant and of its users take in all, and what they take. */
final class QuotaOperations {
    /** Whom a profile is for; empty is everybody. */
    private record Target(Optional<TenantId> tenantId, Optional<UserId> userId) {}

    private final Database database;

    QuotaOperations(Database database) {
        this.database = database;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("createQuotaProfile", this::create);
        operations.put("listQuotaProfiles", this::list);
        operations.put("getQuotaProfile", this::get);
        operations.put("putQuotaProfile", this::change);
        operations.put("deleteQuotaProfile", this::delete);
        operations.put("getQuotaUsage", this::usage);
    }

    private Future<Reply> create(Request request) {
        Caller caller = request.caller();
        Bucket bucket = Word.parse(Bucket.class, request.body().getString("bucket"));
        if (bucket == Bucket.TENANT && request.text("user_id").isPresent()) {
            throw Request.invalid("user_id", "belongs to bucket user alone");
        }
        QuotaId id = QuotaId.fresh();
        return target(request)
                .compose(target -> {
                    needMayCap(caller, bucket, target.tenantId());
                    return Quotas.insert(
                            database.client(),
                            new Quotas.Draft(
                                    id,
                                    request.body().getString("name"),
                                    bucket,
                                    target.tenantId(),
                                    target.userId(),
                                    caps(request)));
                })
                .compose(inserted -> profile(caller, id))
                .map(QuotaOperations::view)
                .map(Reply::created);
    }

    private Future<Target> target(Request request) {
        Caller caller = request.caller();
        Optional<TenantId> named = request.text("tenant_id").map(TenantId::parse);
        Optional<UserId> user = request.text("user_id").map(UserId::parse);
        if (user.isPresent()) {
            return user(caller, user.get()).map(found -> {
                if (named.isPresent() && !named.get().equals(found.tenantId())) {
                    throw Request.invalid("user_id", "is no user of this tenant");
                }
                return new Target(Optional.of(found.tenantId()), user);
            });
        }
        if (named.isEmpty() && caller.reachesAll()) {
            return Future.succeededFuture(new Target(Optional.empty(), Optional.empty()));
        }
        TenantId tenantId = named.orElse(caller.tenantId());
        return Tenants.find(database.client(), caller.viewer(), tenantId)
                .compose(Finder.there(ErrorCode.TENANT_NOT_FOUND, "tenant", tenantId))
                .map(tenant -> new Target(Optional.of(tenantId), Optional.empty()));
    }

    private Future<Users.User> user(Caller caller, UserId id) {
        return Users.find(database.client(), caller.viewer(), id)
                .compose(Finder.there(ErrorCode.USER_NOT_FOUND, "user", id));
    }

    /** Nobody lifts the caps that were set on them from above. */
    private static void needMayCap(Caller caller, Bucket bucket, Optional<TenantId> tenantId) {
        if (tenantId.isEmpty() && !caller.reachesAll()) {
            caller.need(Permission.ADMIN_PLATFORM);
        }
        if (bucket == Bucket.TENANT && caller.reach() == Scope.TENANT) {
            throw Caller.denied("what a tenant may take is set by a role that reaches beyond it");
        }
    }

    private static Caps caps(Request request) {
        JsonObject caps = request.body().getJsonObject("caps");
        return new Caps(
                cap(caps, "bunkers"), cap(caps, "cpu_millicores"), cap(caps, "memory_mb"), cap(caps, "disk_mb"));
    }

    private static OptionalLong cap(JsonObject caps, String resource) {
        Long cap = caps.getLong(resource);
        return cap == null ? OptionalLong.empty() : OptionalLong.of(cap);
    }

    private Future<Reply> list(Request request) {
        int limit = request.limit();
        return Quotas.list(database.client(), request.caller().viewer(), request.afterId(), limit + 1)
                .map(rows -> Reply.page(
                        rows,
                        limit,
                        QuotaOperations::view,
                        profile -> profile.id().value()));
    }

    private Future<Reply> get(Request request) {
        return profile(request).map(QuotaOperations::view).map(Reply::ok);
    }

    private Future<Profile> profile(Request request) {
        return profile(request.caller(), request.path("id", QuotaId::parse));
    }

    private Future<Profile> profile(Caller caller, QuotaId id) {
        return Quotas.find(database.client(), caller.viewer(), id)
                .compose(Finder.there(ErrorCode.QUOTA_PROFILE_NOT_FOUND, "quota profile", id));
    }

    private Future<Reply> change(Request request) {
        return capped(request)
                .compose(profile -> Quotas.change(
                        database.client(), profile.id(), request.body().getString("name"), caps(request)))
                .compose(changed -> profile(request))
                .map(QuotaOperations::view)
                .map(Reply::ok);
    }

    private Future<Reply> delete(Request request) {
        return capped(request)
                .compose(profile ->
                        Quotas.delete(database.client(), profile.id()).map(gone -> Reply.ok(view(profile))));
    }

    private Future<Profile> capped(Request request) {
        return profile(request).map(profile -> {
            needMayCap(request.caller(), profile.bucket(), profile.tenantId());
            return profile;
        });
    }

    private Future<Reply> usage(Request request) {
        Caller caller = request.caller();
        Optional<UserId> other = request.query("user_id").map(UserId::parse).filter(id -> !id.equals(caller.userId()));
        if (other.isEmpty()) {
            return usage(caller.tenantId(), caller.userId());
        }
        caller.need(Permission.ADMIN_TENANT, Permission.ADMIN_PLATFORM);
        return user(caller, other.get()).compose(user -> usage(user.tenantId(), user.id()));
    }

    private Future<Reply> usage(TenantId tenantId, UserId userId) {
        return Quotas.usage(database.client(), tenantId, userId)
                .map(buckets -> Reply.ok(new JsonObject()
                        .put("tenant", view(of(buckets, Bucket.TENANT), tenantId.toString()))
                        .put("user", view(of(buckets, Bucket.USER), userId.toString()))));
    }

    private static Usage of(List<Usage> buckets, Bucket bucket) {
        return buckets.stream()
                .filter(usage -> usage.bucket() == bucket)
                .findFirst()
                .orElseThrow();
    }

    private static JsonObject view(Usage usage, String owner) {
        return new JsonObject()
                .put("id", owner)
                .put("profile_id", Shown.orNull(usage.profile().map(QuotaId::toString)))
                .put(
                        "used",
                        new JsonObject()
                                .put("bunkers", usage.bunkers())
                                .put("cpu_millicores", usage.cpuMillicores())
                                .put("memory_mb", usage.memoryMb())
                                .put("disk_mb", usage.diskMb()))
                .put("caps", view(usage.caps()));
    }

    private static JsonObject view(Profile profile) {
        return new JsonObject()
                .put("id", profile.id().toString())
                .put("name", profile.name())
                .put("bucket", profile.bucket().word())
                .put("tenant_id", Shown.orNull(profile.tenantId().map(TenantId::toString)))
                .put("user_id", Shown.orNull(profile.userId().map(UserId::toString)))
                .put("caps", view(profile.caps()))
                .put("created_at", Shown.time(profile.createdAt()))
                .put("updated_at", Shown.time(profile.updatedAt()));
    }

    private static JsonObject view(Caps caps) {
        return new JsonObject()
                .put("bunkers", boxed(caps.bunkers()))
                .put("cpu_millicores", boxed(caps.cpuMillicores()))
                .put("memory_mb", boxed(caps.memoryMb()))
                .put("disk_mb", boxed(caps.diskMb()));
    }

    private static @Nullable Long boxed(OptionalLong cap) {
        return cap.isPresent() ? cap.getAsLong() : null;
    }
}
