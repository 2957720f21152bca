package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecEnd;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Bunkers.Bunker;
import io.scaibunker.store.Database;
import io.scaibunker.store.Workers;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Commands in bunkers: asked of the one worker that holds the bunker, while the caller waits. */
final class ExecOperations {
    private static final int TIMEOUT_DEFAULT_S = 60;

    /** As whom those run who may not be root and name no user. */
    private static final String NOBODY = "65534:65534";

    private final Database database;
    private final BunkerOperations bunkers;
    private final BunkerAccess access;
    private final int outputLimit;

    ExecOperations(Database database, BunkerOperations bunkers, BunkerAccess access, int outputLimit) {
        this.database = database;
        this.bunkers = bunkers;
        this.access = access;
        this.outputLimit = outputLimit;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("execInBunker", this::exec);
    }

    private Future<Reply> exec(Request request) {
        if (isRoot(request)) {
            request.caller().need(Permission.ROOT);
        }
        return bunkers.own(request).compose(bunker -> {
            if (bunker.status() != BunkerStatus.RUNNING) {
                throw new PlatformException(
                        ErrorCode.WRONG_STATE,
                        "bunker " + bunker.id() + " is " + bunker.status().word() + " (expected: running)");
            }
            return Workers.find(database.client(), bunker.workerId())
                    .compose(Finder.there(ErrorCode.WORKER_NOT_FOUND, "worker", bunker.workerId()))
                    .compose(worker -> run(worker.grpcAddress(), command(request, bunker)));
        });
    }

    /** By name or by number. */
    private static boolean isRoot(Request request) {
        String user = request.text("user").orElse("");
        return user.equals("root") || user.matches("0+(:[0-9]+)?");
    }

    private Future<Reply> run(String worker, ExecCommand command) {
        BoundedOutput output = new BoundedOutput(outputLimit);
        return access.exec(worker, command, output).end().map(end -> {
            if (!end.notStarted().isEmpty()) {
                throw Request.invalid("command", "could not be started: " + end.notStarted());
            }
            return Reply.ok(view(end, output));
        });
    }

    private static ExecCommand command(Request request, Bunker bunker) {
        JsonObject body = request.body();
        Map<String, String> environment = new HashMap<>();
        body.getJsonObject("env", new JsonObject())
                .forEach(entry -> environment.put(entry.getKey(), (String) entry.getValue()));
        return new ExecCommand(
                bunker.id(),
                argv(body),
                environment,
                body.getString("cwd", ""),
                body.getString("user", request.caller().may(Permission.ROOT) ? "" : NOBODY),
                Duration.ofSeconds(request.number("timeout_s", TIMEOUT_DEFAULT_S)),
                body.getString("stdin", "").getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> argv(JsonObject body) {
        return body.getValue("command") instanceof JsonArray words
                ? words.stream().map(String.class::cast).toList()
                : List.of("/bin/sh", "-c", body.getString("command"));
    }

    private static JsonObject view(ExecEnd end, BoundedOutput output) {
        return new JsonObject()
                .put("exit_code", end.exitCode())
                .put("signal", end.signal() == 0 ? null : end.signal())
                .put("stdout", output.stdoutText())
                .put("stderr", output.stderrText())
                .put("stdout_truncated", output.stdoutTruncated())
                .put("stderr_truncated", output.stderrTruncated())
                .put("timed_out", end.timedOut())
                .put("duration_ms", end.duration().toMillis());
    }
}
