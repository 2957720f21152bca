package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Database;
import io.scaibunker.store.Workers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** The way to a running bunker: asked of the one worker that holds it, while the caller waits. */
final class LiveBunkers {
    /** As whom those act who may not be root and name no user. */
    private static final String NOBODY = "65534:65534";

    /** How often it is asked whether the caller still may what goes on. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(3);

    private final Vertx vertx;
    private final Database database;
    private final BunkerOperations bunkers;
    private final BunkerAccess access;

    LiveBunkers(Vertx vertx, Database database, BunkerOperations bunkers, BunkerAccess access) {
        this.vertx = vertx;
        this.database = database;
        this.bunkers = bunkers;
        this.access = access;
    }

    /** Begins what {@code command} makes of the bunker that the request names, if the caller may act on it and it runs. */
    Future<LiveCall> open(Request request, Function<Bunker, ExecCommand> command, ExecOutput output) {
        return bunkers.own(request).compose(bunker -> {
            if (bunker.status() != BunkerStatus.RUNNING) {
                throw new PlatformException(
                        ErrorCode.WRONG_STATE,
                        "bunker " + bunker.id() + " is " + bunker.status().word() + " (expected: running)");
            }
            return reach(bunker, command.apply(bunker), output).onSuccess(call -> watchOver(request, call));
        });
    }

    /** As {@link #open}, in whatever state the bunker is. */
    Future<LiveCall> openAnyway(Request request, Function<Bunker, ExecCommand> command, ExecOutput output) {
        return bunkers.seen(request).compose(bunker -> reach(bunker, command.apply(bunker), output));
    }

    /** A key that is revoked ends what was begun with it, as does a right that is taken away. */
    private void watchOver(Request request, LiveCall call) {
        long looking = vertx.setPeriodic(
                LOOK_AGAIN.toMillis(),
                tick -> request.again().get().onFailure(thrown -> {
                    // Only who was told no is ended: a database that is away is no reason.
                    if (thrown instanceof PlatformException told && told.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                        call.cancel(told);
                    }
                }));
        call.end().onComplete(over -> vertx.cancelTimer(looking));
    }

    private Future<LiveCall> reach(Bunker bunker, ExecCommand command, ExecOutput output) {
        return Workers.find(database.client(), bunker.workerId())
                .compose(Finder.there(ErrorCode.WORKER_NOT_FOUND, "worker", bunker.workerId()))
                .compose(worker -> access.open(worker.grpcAddress(), command, output));
    }

    /**
     * As whom the caller acts.
     *
     * @param asked what they named, by name or by number; empty for the usual
     */
    static String user(Caller caller, Optional<String> asked) {
        String user = asked.orElse(caller.may(Permission.ROOT) ? "" : NOBODY);
        if (user.equals("root") || user.matches("0+(:[0-9]+)?")) {
            caller.need(Permission.ROOT);
        }
        return user;
    }
}
