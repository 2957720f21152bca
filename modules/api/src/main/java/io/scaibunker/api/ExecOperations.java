package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecEnd;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Bunkers.Bunker;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Commands in bunkers, told when they have ended, or while they run. A caller that goes away ends them. */
final class ExecOperations {
    private static final int TIMEOUT_DEFAULT_S = 60;
    private static final Duration CONSOLE_TIMEOUT = Duration.ofSeconds(10);

    private final LiveBunkers bunkers;
    private final int outputLimit;

    ExecOperations(LiveBunkers bunkers, int outputLimit) {
        this.bunkers = bunkers;
        this.outputLimit = outputLimit;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("execInBunker", this::exec);
        operations.put("getBunkerLogs", this::logs);
    }

    void enrolLive(Map<String, LiveOperation> operations) {
        operations.put("execInBunker", this::stream);
    }

    private Future<Reply> exec(Request request) {
        BoundedOutput output = new BoundedOutput(outputLimit);
        return bunkers.open(request, bunker -> command(request, bunker), output)
                .compose(call -> {
                    request.gone().onComplete(gone -> call.cancel());
                    call.write(stdin(request));
                    call.finishInput();
                    return call.end();
                })
                .map(end -> Reply.ok(view(started(end))
                        .put("stdout", output.stdoutText())
                        .put("stderr", output.stderrText())
                        .put("stdout_truncated", output.stdoutTruncated())
                        .put("stderr_truncated", output.stderrTruncated())));
    }

    /** As Server-Sent Events: {@code stdout} and {@code stderr} as they come, {@code exit} at the end. */
    private Future<Optional<Reply>> stream(Request request, HttpServerRequest http) {
        StreamedOutput output = new StreamedOutput(http.response());
        return bunkers.open(request, bunker -> command(request, bunker), output).compose(call -> {
            output.begin(call);
            call.write(stdin(request));
            call.finishInput();
            return call.end().map(end -> output.end("exit", view(started(end)))).recover(output::failed);
        });
    }

    private static ExecEnd started(ExecEnd end) {
        if (!end.notStarted().isEmpty()) {
            throw Request.invalid("command", "could not be started: " + end.notStarted());
        }
        return end;
    }

    private static Buffer stdin(Request request) {
        return Buffer.buffer(request.text("stdin").orElse(""));
    }

    private static ExecCommand command(Request request, Bunker bunker) {
        JsonObject body = request.body();
        Map<String, String> environment = new HashMap<>();
        body.getJsonObject("env", new JsonObject())
                .forEach(entry -> environment.put(entry.getKey(), (String) entry.getValue()));
        return new ExecCommand(
                bunker.id(),
                ExecCommand.Kind.COMMAND,
                argv(body),
                environment,
                body.getString("cwd", ""),
                LiveBunkers.user(request.caller(), request.text("user")),
                Duration.ofSeconds(request.number("timeout_s", TIMEOUT_DEFAULT_S)),
                null);
    }

    private static List<String> argv(JsonObject body) {
        return body.getValue("command") instanceof JsonArray words
                ? words.stream().map(String.class::cast).toList()
                : List.of("/bin/sh", "-c", body.getString("command"));
    }

    static JsonObject view(ExecEnd end) {
        return new JsonObject()
                .put("exit_code", end.exitCode())
                .put("signal", end.signal() == 0 ? null : end.signal())
                .put("timed_out", end.timedOut())
                .put("duration_ms", end.duration().toMillis());
    }

    /** The bunker's row is there: what its worker does not know is over, for longer than it keeps what was said. */
    private static Future<ExecEnd> notKept(Throwable thrown) {
        return Future.failedFuture(
                thrown instanceof PlatformException told && told.code() == ErrorCode.BUNKER_NOT_FOUND
                        ? new PlatformException(
                                ErrorCode.WRONG_STATE,
                                "the bunker is not at its worker (yet, or any more), and what its console said is not kept")
                        : thrown);
    }

    private Future<Reply> logs(Request request) {
        BoundedOutput output = new BoundedOutput(outputLimit);
        return bunkers.openAnyway(request, bunker -> ExecCommand.console(bunker.id(), CONSOLE_TIMEOUT), output)
                .compose(call -> {
                    call.finishInput();
                    return call.end().recover(ExecOperations::notKept);
                })
                .map(end -> Reply.ok(new JsonObject().put("console", output.stdoutText())));
    }
}
