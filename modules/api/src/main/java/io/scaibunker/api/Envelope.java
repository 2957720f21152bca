package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.Kind;
import io.scaibunker.model.PlatformException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;

/**
 * What leaves the room: a status and the JSON that every answer has.
 *
 * @param retryAfter whether the caller was told to come again, unchanged
 * @param dataType of the data where a caller over HTTP may ask for it alone
 */
record Envelope(int status, JsonObject json, boolean retryAfter, Optional<String> dataType) {
    private static final Duration RETRY_DEFAULT = Duration.ofSeconds(2);

    static Envelope of(Reply reply, String requestId) {
        JsonObject json = new JsonObject().put("status", "ok").put("data", reply.data());
        reply.page()
                .ifPresent(page -> json.put("has_more", page.next().isPresent())
                        .put("next_cursor", page.next().orElse(null)));
        return new Envelope(
                reply.status(), json.put("meta", meta(requestId).mergeIn(reply.meta())), false, reply.type());
    }

    static Envelope of(PlatformException failure, String requestId) {
        Kind kind = failure.code().kind();
        String text = kind == Kind.BUG ? "an error of the platform itself" : failure.text();
        JsonObject error = new JsonObject().put("code", failure.code().name()).put("message", text);
        Optional<Duration> pause = pause(failure);
        // Never 0: a caller that comes again at once would only add to the trouble.
        pause.ifPresent(wait -> error.put("retry_after", Math.max(1, wait.toSeconds())));
        if (!failure.details().isEmpty()) {
            error.put("details", details(failure));
        }
        JsonObject json =
                new JsonObject().put("status", "error").put("error", error).put("meta", meta(requestId));
        return new Envelope(kind.httpStatus(), json, pause.isPresent(), Optional.empty());
    }

    private static Optional<Duration> pause(PlatformException failure) {
        Kind kind = failure.code().kind();
        return kind == Kind.UNAVAILABLE || kind == Kind.EXHAUSTED
                ? Optional.of(failure.retryAfter().orElse(RETRY_DEFAULT))
                : failure.retryAfter();
    }

    private static JsonArray details(PlatformException failure) {
        JsonArray details = new JsonArray();
        for (FieldError detail : failure.details()) {
            details.add(new JsonObject().put("field", detail.field()).put("message", detail.message()));
        }
        return details;
    }

    /** Said before, under another request's id. */
    static Envelope again(int status, String body, String requestId) {
        JsonObject json = new JsonObject(body);
        json.put("meta", json.getJsonObject("meta").put("request_id", requestId));
        return new Envelope(status, json, false, Optional.empty());
    }

    static PlatformException noSuchRoute(String method, String path) {
        String shown = path.length() > 200 ? path.substring(0, 200) + "…" : path;
        return new PlatformException(ErrorCode.ROUTE_NOT_FOUND, "there is no " + method + " " + shown);
    }

    private static JsonObject meta(String requestId) {
        return new JsonObject().put("request_id", requestId);
    }
}
