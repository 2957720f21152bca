package io.scaibunker.model;

import java.util.EnumSet;
import java.util.Set;

/** A user's role and the permissions that come with it. */
public enum Role implements Word {
    SUPER_ADMIN,
    PARTNER_ADMIN,
    PARTNER_VIEWER,
    TENANT_ADMIN,
    TENANT_USER,
    TENANT_VIEWER;

    /** What the role may do, within its {@link #reach}. */
    public Set<Permission> permissions() {
        return switch (this) {
            case SUPER_ADMIN -> EnumSet.allOf(Permission.class);
            case PARTNER_ADMIN, TENANT_ADMIN -> EnumSet.complementOf(EnumSet.of(Permission.ADMIN_PLATFORM));
            case TENANT_USER ->
                EnumSet.of(Permission.READ, Permission.CREATE, Permission.EXECUTE, Permission.SHELL, Permission.FILES);
            case PARTNER_VIEWER, TENANT_VIEWER -> EnumSet.of(Permission.READ);
        };
    }

    /** How far the role sees: its own tenant, the tenants of its partner, or everything. */
    public Scope reach() {
        return switch (this) {
            case SUPER_ADMIN -> Scope.PLATFORM;
            case PARTNER_ADMIN, PARTNER_VIEWER -> Scope.PARTNER;
            case TENANT_ADMIN, TENANT_USER, TENANT_VIEWER -> Scope.TENANT;
        };
    }
}
