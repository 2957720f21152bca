package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Role;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.store.Users;
import io.scaibunker.store.Viewer;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who asks, and what they may.
 *
 * @param validUntil when what they showed ends; nothing they make may be shown longer
 */
record Caller(
        UserId userId,
        TenantId tenantId,
        PartnerId partnerId,
        Role role,
        Set<Permission> permissions,
        Optional<OffsetDateTime> validUntil) {

    static Caller of(Users.User user, Optional<OffsetDateTime> validUntil) {
        return new Caller(
                user.id(), user.tenantId(), user.partnerId(), user.role(), Set.copyOf(user.permissions()), validUntil);
    }

    boolean may(Permission permission) {
        return permissions.contains(permission);
    }

    Scope reach() {
        return role.reach();
    }

    boolean reachesAll() {
        return reach() == Scope.PLATFORM;
    }

    Viewer viewer() {
        return new Viewer(reach(), tenantId, partnerId);
    }

    /** Sees every bunker within reach: who administers them, and roles made to look on. */
    boolean seesAllBunkers() {
        return may(Permission.ADMIN) || role == Role.PARTNER_VIEWER || role == Role.TENANT_VIEWER;
    }

    /** May be told which workers there are, beside those that hold what they see. */
    boolean seesWorkers() {
        return may(Permission.ADMIN)
                || may(Permission.ADMIN_TENANT)
                || may(Permission.ADMIN_PLATFORM)
                || may(Permission.IMAGES_MANAGE);
    }

    /** Whether somebody of this role and these permissions may nothing that the caller may not. */
    boolean covers(Role other, Set<Permission> theirs) {
        return other.reach().compareTo(reach()) <= 0 && permissions.containsAll(theirs);
    }

    /** @throws PlatformException unless the caller has one of these */
    void need(Permission... oneOf) {
        if (Arrays.stream(oneOf).noneMatch(this::may)) {
            throw denied(Arrays.stream(oneOf).map(Permission::key).collect(Collectors.joining(" or ")) + " is needed");
        }
    }

    static PlatformException denied(String why) {
        return new PlatformException(ErrorCode.AUTHZ_PERMISSION_DENIED, why);
    }
}
