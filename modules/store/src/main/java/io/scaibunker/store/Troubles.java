package io.scaibunker.store;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.pgclient.PgException;
import java.util.Map;

/** What went wrong at the database, as the platform says it. */
final class Troubles {
    /** Constraints that a caller can run into by asking; all others are mistakes of ours. */
    private static final Map<String, PlatformException> KNOWN = Map.of(
            "image_name_once",
            new PlatformException(ErrorCode.IMAGE_NAME_TAKEN, "an active image of this owner has this name"),
            "group_name_once",
            new PlatformException(ErrorCode.NAME_TAKEN, "a group of this owner has this name"),
            "tenant_name_once",
            new PlatformException(ErrorCode.NAME_TAKEN, "a tenant of this partner has this name"),
            "partner_name_once",
            new PlatformException(ErrorCode.NAME_TAKEN, "a partner has this name"),
            "user_name_once",
            new PlatformException(ErrorCode.NAME_TAKEN, "a user of this tenant has this name"),
            "quota_profile_once",
            new PlatformException(ErrorCode.NAME_TAKEN, "there is a profile for the same tenant or user already"),
            "snapshot_of_bunker_under_way",
            new PlatformException(ErrorCode.WRONG_STATE, "a snapshot of this bunker is being taken already"));

    private Troubles() {}

    static PlatformException of(Throwable thrown) {
        if (thrown instanceof PlatformException told) {
            return told;
        }
        if (thrown instanceof PgException said) {
            return ofServer(said);
        }
        // Anything else never reached the server: refused, closed, or no connection was free in time.
        return thrown instanceof RuntimeException && !fromConnection(thrown)
                ? new PlatformException(ErrorCode.INTERNAL, "an error of the platform itself", thrown)
                : PlatformException.unavailable("the database", thrown);
    }

    private static PlatformException ofServer(PgException said) {
        PlatformException known = said.getConstraint() == null ? null : KNOWN.get(said.getConstraint());
        if (known != null) {
            return new PlatformException(known.code(), known.text(), said);
        }
        // SQLSTATE classes (PostgreSQL manual, appendix A): 08 connection, 53 resources, 57P shutdown, 57014 timeout,
        // 40 rollback.
        String state = said.getSqlState() == null ? "" : said.getSqlState();
        boolean passing = state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57")
                || state.startsWith("40")
                || state.startsWith("25006")
                || state.equals("55000");
        return passing
                ? PlatformException.unavailable("the database", said)
                : new PlatformException(ErrorCode.INTERNAL, "an error of the platform itself", said);
    }

    private static boolean fromConnection(Throwable thrown) {
        String from = thrown.getClass().getName();
        return from.startsWith("io.vertx.core")
                || from.startsWith("io.vertx.sqlclient")
                || from.startsWith("io.netty")
                || from.startsWith("java.net");
    }
}
