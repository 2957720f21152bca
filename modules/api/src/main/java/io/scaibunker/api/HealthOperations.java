package io.scaibunker.api;

import io.scaibunker.model.FieldError;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Whether the process lives, and whether it may be sent requests. */
final class HealthOperations {
    private final Map<String, ReadyCheck> checks;
    private final Duration timeout;

    HealthOperations(Map<String, ReadyCheck> checks, Duration timeout) {
        this.checks = new TreeMap<>(checks);
        this.timeout = timeout;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("getHealth", request -> Future.succeededFuture(Reply.ok(new JsonObject().put("alive", true))));
        operations.put("getReadiness", request -> ready());
    }

    private record Result(String name, Future<?> outcome) {}

    private Future<Reply> ready() {
        List<Result> results = new ArrayList<>();
        checks.forEach((name, check) -> results.add(new Result(name, look(check))));
        return Future.join(results.stream().map(Result::outcome).toList()).transform(done -> reply(results));
    }

    private Future<?> look(ReadyCheck check) {
        return Future.succeededFuture()
                .compose(start -> check.look())
                .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static Future<Reply> reply(List<Result> results) {
        List<FieldError> missing = results.stream()
                .filter(result -> result.outcome().failed())
                .map(result ->
                        new FieldError(result.name(), why(result.outcome().cause())))
                .toList();
        if (!missing.isEmpty()) {
            return Future.failedFuture(
                    PlatformException.unavailable(missing.getFirst().field(), null)
                            .with(missing));
        }
        JsonObject checks = new JsonObject();
        results.forEach(result -> checks.put(result.name(), "ok"));
        return Future.succeededFuture(
                Reply.ok(new JsonObject().put("ready", true).put("checks", checks)));
    }

    /** Nobody needs a key to ask this: a failure's own words are shown only where they were meant to be. */
    private static String why(Throwable cause) {
        return cause instanceof PlatformException told ? told.text() : "does not answer now";
    }
}
