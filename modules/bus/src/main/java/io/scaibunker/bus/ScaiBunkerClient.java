package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/**
 * The platform's API for a service of the same cluster: the same operations, checks and permissions as over HTTP, by the
 * event bus.
 *
 * <pre>{@code
 * ScaiBunkerClient client = new ScaiBunkerClient(vertx, new Secret("sgk_…"), Duration.ofSeconds(10));
 * client.createBunker(new JsonObject().put("image", "r-base-4.4"))
 *       .compose(bunker -> client.exec(bunker.getString("id"), new JsonObject().put("command", "uname -a")));
 * }</pre>
 */
public final class ScaiBunkerClient {
    /** The reply's header with what HTTP would have said, as {@code 201}. */
    public static final String STATUS = "http-status";

    /** Where a watcher may have events delivered to. */
    public static final String WATCHER_ADDRESS = "scaibunker\\.watcher\\.[A-Za-z0-9-]{8,64}";

    private final Vertx vertx;
    private final Secret key;
    private final Duration timeout;

    /**
     * @param key an API key
     * @param timeout how long an answer may take; {@link #exec} adds the command's own
     */
    public ScaiBunkerClient(Vertx vertx, Secret key, Duration timeout) {
        this.vertx = vertx;
        this.key = key;
        this.timeout = timeout;
    }

    /** Where an operation of the contract is served. */
    public static String addressOf(String operationId) {
        return "scaibunker.api." + operationId;
    }

    /**
     * Calls any operation.
     *
     * @param request {@code {"path"?:{}, "query"?:{}, "body"?:{}, "idempotency_key"?, "request_id"?}}
     * @return the envelope, also when it says an error; a failure with {@link ErrorCode#SERVICE_UNAVAILABLE} when nobody
     *     answered
     */
    public Future<JsonObject> call(String operationId, JsonObject request) {
        return call(operationId, request, timeout);
    }

    private Future<JsonObject> call(String operationId, JsonObject request, Duration limit) {
        JsonObject signed = request.copy().put("authorization", "Bearer " + key.reveal());
        return vertx.eventBus()
                .<JsonObject>request(
                        addressOf(operationId), signed, new DeliveryOptions().setSendTimeout(limit.toMillis()))
                .map(Message::body)
                .recover(thrown -> Future.failedFuture(
                        thrown instanceof ReplyException ? PlatformException.unavailable("the api", thrown) : thrown));
    }

    /**
     * Calls any operation that answers one thing.
     *
     * @return the envelope's {@code data}, or a failure with what the envelope says
     */
    public Future<JsonObject> data(String operationId, JsonObject request) {
        return data(operationId, request, timeout);
    }

    private Future<JsonObject> data(String operationId, JsonObject request, Duration limit) {
        return call(operationId, request, limit)
                .compose(envelope -> "ok".equals(envelope.getString("status"))
                        ? Future.succeededFuture(envelope.getJsonObject("data"))
                        : Future.failedFuture(failure(envelope.getJsonObject("error"))));
    }

    private static PlatformException failure(JsonObject error) {
        PlatformException failure = new PlatformException(code(error.getString("code")), error.getString("message"));
        List<FieldError> details = error.getJsonArray("details", new JsonArray()).stream()
                .map(JsonObject.class::cast)
                .map(detail -> new FieldError(detail.getString("field"), detail.getString("message")))
                .toList();
        Integer pause = error.getInteger("retry_after");
        PlatformException whole = details.isEmpty() ? failure : failure.with(details);
        return pause == null ? whole : whole.retryAfter(Duration.ofSeconds(pause));
    }

    /** A code that only a newer node knows is our bug to tell, not to crash on. */
    private static ErrorCode code(String name) {
        for (ErrorCode code : ErrorCode.values()) {
            if (code.name().equals(name)) {
                return code;
            }
        }
        return ErrorCode.INTERNAL;
    }

    public Future<JsonObject> registerImage(JsonObject image) {
        return data("registerImage", body(image));
    }

    /** @param image id or name */
    public Future<JsonObject> image(String image) {
        return data("getImage", at(image));
    }

    /** @param image id or name */
    public Future<JsonObject> warm(String image) {
        return data("warmImage", at(image));
    }

    public Future<JsonObject> createBunker(JsonObject bunker) {
        return data("createBunker", body(bunker));
    }

    public Future<JsonObject> bunker(String bunkerId) {
        return data("getBunker", at(bunkerId));
    }

    public Future<JsonObject> endBunker(String bunkerId) {
        return data("deleteBunker", at(bunkerId));
    }

    /** Runs a command in a bunker and waits for its end. */
    public Future<JsonObject> exec(String bunkerId, JsonObject command) {
        Duration limit = timeout.plusSeconds(command.getInteger("timeout_s", 60));
        return data("execInBunker", at(bunkerId).put("body", command), limit);
    }

    private static JsonObject body(JsonObject body) {
        return new JsonObject().put("body", body);
    }

    private static JsonObject at(String id) {
        return new JsonObject().put("path", new JsonObject().put("id", id));
    }
}
