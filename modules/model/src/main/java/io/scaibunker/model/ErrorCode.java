package io.scaibunker.model;

import static io.scaibunker.model.Kind.BUG;
import static io.scaibunker.model.Kind.CONFLICT;
import static io.scaibunker.model.Kind.DENIED;
import static io.scaibunker.model.Kind.EXHAUSTED;
import static io.scaibunker.model.Kind.INVALID;
import static io.scaibunker.model.Kind.NOT_FOUND;
import static io.scaibunker.model.Kind.UNAUTHENTICATED;
import static io.scaibunker.model.Kind.UNAVAILABLE;
import static io.scaibunker.model.Kind.UPSTREAM;

/** Every code that leaves the platform: in error answers, cache rows and failed bunkers. Scans have reasons of their own, too. */
public enum ErrorCode {
    VALIDATION_ERROR(INVALID),
    INTERFACES_NOT_ALLOWED(INVALID),
    TRANSIT_MISSING_INTERFACES(INVALID),
    AUTH_TOKEN_MISSING(UNAUTHENTICATED),
    AUTH_TOKEN_INVALID(UNAUTHENTICATED),
    AUTHZ_PERMISSION_DENIED(DENIED),
    LIFECYCLE_MODE_DENIED(DENIED),
    NETWORK_PROFILE_DENIED(DENIED),
    ROUTE_NOT_FOUND(NOT_FOUND),
    IMAGE_NOT_FOUND(NOT_FOUND),
    GROUP_NOT_FOUND(NOT_FOUND),
    WORKER_NOT_FOUND(NOT_FOUND),
    BUNKER_NOT_FOUND(NOT_FOUND),
    TENANT_NOT_FOUND(NOT_FOUND),
    USER_NOT_FOUND(NOT_FOUND),
    KEY_NOT_FOUND(NOT_FOUND),
    CREDENTIAL_NOT_FOUND(NOT_FOUND),
    QUOTA_PROFILE_NOT_FOUND(NOT_FOUND),
    SNAPSHOT_NOT_FOUND(NOT_FOUND),
    IMAGE_DEACTIVATED(CONFLICT),
    IMAGE_NAME_TAKEN(CONFLICT),
    NAME_TAKEN(CONFLICT),
    WRONG_STATE(CONFLICT),
    IDEMPOTENCY_CONFLICT(CONFLICT),
    BUNKER_QUOTA_EXCEEDED(EXHAUSTED),
    /** The tenant has as many snapshots as it may. */
    SNAPSHOT_LIMIT_REACHED(EXHAUSTED),
    /** As many commands, files and shells are open in the bunker as it carries, or what runs there leaves no time for one more. */
    BUNKER_BUSY(EXHAUSTED),
    FILE_NOT_FOUND(NOT_FOUND),
    FILE_ACCESS_DENIED(DENIED),
    /** The file is of another kind, its directory is not empty, the disk is full. */
    FILE_CONFLICT(CONFLICT),
    TOO_MANY_WATCHERS(EXHAUSTED),
    NO_SUITABLE_WORKER(UNAVAILABLE),
    WORKER_UNAVAILABLE(UNAVAILABLE),
    /** A part of the platform (database, a room, a worker) does not answer now. */
    SERVICE_UNAVAILABLE(UNAVAILABLE),

    SOURCE_NOT_FOUND(UPSTREAM),
    SOURCE_AUTH(UPSTREAM),
    SOURCE_RATE_LIMITED(UPSTREAM),
    SOURCE_UNREACHABLE(UPSTREAM),
    /** Not what its digest or its own structure says it is. */
    SOURCE_CORRUPT(UPSTREAM),
    SOURCE_UNSUPPORTED(UPSTREAM),
    SIZE_CAP_EXCEEDED(INVALID),
    PATH_NOT_ALLOWED(DENIED),
    WORKER_DISK_FULL(UNAVAILABLE),
    WORKER_LOST(UPSTREAM),
    CANCELLED(CONFLICT),
    /** The microVM did not start, or ended by itself. */
    MACHINE_FAILED(UPSTREAM),
    INTERNAL(BUG);

    private final Kind kind;

    ErrorCode(Kind kind) {
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether trying the same again, unchanged, may help; rooms do so with growing pauses. */
    public boolean worthRetrying() {
        return switch (this) {
            case SOURCE_RATE_LIMITED, SOURCE_UNREACHABLE, WORKER_DISK_FULL, WORKER_LOST, INTERNAL -> true;
            default -> false;
        };
    }
}
