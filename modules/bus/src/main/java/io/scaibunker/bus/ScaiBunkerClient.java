package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The platform's API for a service of the same cluster: the same operations, checks and permissions as over HTTP, by the
 * event bus.
 *
 * <pre>{@code
 * ScaiBunkerClient client = new ScaiBunkerClient(vertx, new Secret("sgk_…"), Duration.ofSeconds(10));
 * client.createBunker(new JsonObject().put("image", "r-base-4.4"))
 *       .compose(bunker -> client.exec(bunker.getString("id"), new JsonObject().put("command", "uname -a")));
 * }</pre>
 *
 * <p>The bytes of files, of commands that are told as they run and of terminals do not go by the bus: its answer says which node
 * takes them, and they flow there directly ({@link DataPlace}), with the same key.
 */
public final class ScaiBunkerClient {
    /** The reply's header with what HTTP would have said, as {@code 201}. */
    public static final String STATUS = "http-status";

    /** Where a watcher may have events delivered to. */
    public static final String WATCHER_ADDRESS = "scaibunker\\.watcher\\.[A-Za-z0-9-]{8,64}";

    /** Longer than {@code api.watch-beat}. */
    private static final Duration WATCH_SILENCE = Duration.ofSeconds(35);

    private final Vertx vertx;
    private final Secret key;
    private final Duration timeout;
    private final DataLine line;
    private final @Nullable String idempotencyKey;

    /**
     * @param key an API key
     * @param timeout how long an answer may take; {@link #exec} adds the command's own
     */
    public ScaiBunkerClient(Vertx vertx, Secret key, Duration timeout) {
        this(vertx, key, timeout, Optional.empty());
    }

    /** @param tls what members of this cluster show each other, where they have certificates ({@code cluster.tls-*}) */
    public ScaiBunkerClient(Vertx vertx, Secret key, Duration timeout, Optional<FleetPass.Tls> tls) {
        this(vertx, key, timeout, new DataLine(vertx, key, tls), null);
    }

    private ScaiBunkerClient(
            Vertx vertx, Secret key, Duration timeout, DataLine line, @Nullable String idempotencyKey) {
        this.vertx = vertx;
        this.key = key;
        this.timeout = timeout;
        this.line = line;
        this.idempotencyKey = idempotencyKey;
    }

    /**
     * The same client, for one thing that is to be done once however often it is asked for: asked again with this key, within a
     * day, the first answer comes again. For whatever HTTP takes an {@code Idempotency-Key} for.
     */
    public ScaiBunkerClient once(String idempotencyKey) {
        return new ScaiBunkerClient(vertx, key, timeout, line, idempotencyKey);
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
        if (idempotencyKey != null && !signed.containsKey("idempotency_key")) {
            signed.put("idempotency_key", idempotencyKey);
        }
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

    static PlatformException failure(JsonObject error) {
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

    /**
     * A page of a list.
     *
     * @param next what to put as {@code cursor} into the query of the next page; null at the end
     * @param meta beside the rows, as the summary of an image's copies
     */
    public record Page(List<JsonObject> rows, @Nullable String next, JsonObject meta) {}

    /**
     * Calls any operation that answers a list.
     *
     * @return the envelope's rows, or a failure with what the envelope says
     */
    public Future<Page> page(String operationId, JsonObject request) {
        return call(operationId, request).compose(envelope -> {
            if (!"ok".equals(envelope.getString("status"))) {
                return Future.failedFuture(failure(envelope.getJsonObject("error")));
            }
            List<JsonObject> rows = envelope.getJsonArray("data").stream()
                    .map(JsonObject.class::cast)
                    .toList();
            return Future.succeededFuture(
                    new Page(rows, envelope.getString("next_cursor"), envelope.getJsonObject("meta")));
        });
    }

    // --- images; each is named by its id or its name ---

    public Future<JsonObject> registerImage(JsonObject image) {
        return data("registerImage", body(image));
    }

    /** What {@link #registerImage} would do: what is at the source, how large, for which workers. Nothing is kept. */
    public Future<JsonObject> rehearseImage(JsonObject image) {
        return data("registerImage", body(image).put("query", new JsonObject().put("dry_run", true)));
    }

    /** @param query {@code status}, {@code scope}, {@code name}, {@code limit}, {@code cursor} */
    public Future<Page> images(JsonObject query) {
        return page("listImages", query(query));
    }

    public Future<JsonObject> image(String image) {
        return data("getImage", at(image));
    }

    /** How the image stands on each worker. */
    public Future<Page> copies(String image, JsonObject query) {
        return page("getImageCache", at(image).put("query", query));
    }

    /** What happened to an image, its copies and its scan, the newest first. */
    public Future<Page> imageHistory(String image, JsonObject query) {
        return page("listImageEvents", at(image).put("query", query));
    }

    public Future<JsonObject> warm(String image) {
        return data("warmImage", at(image));
    }

    /** Only on these workers. */
    public Future<JsonObject> warm(String image, List<String> workerIds) {
        return data("warmImage", at(image).put("body", list("worker_ids", workerIds)));
    }

    public Future<JsonObject> scan(String image) {
        return data("scanImage", at(image));
    }

    /**
     * What the last scan came to.
     *
     * @param query {@code severity}, {@code diff}, {@code limit}, {@code cursor}, for its findings
     */
    public Future<JsonObject> verdict(String image, JsonObject query) {
        return data("getScan", at(image).put("query", query));
    }

    /** What the image holds, as a CycloneDX bill of materials. */
    public Future<JsonObject> sbom(String image) {
        return data("getSbom", at(image));
    }

    /**
     * Which images, workers and running bunkers carry a vulnerability.
     *
     * @param query {@code id}, the vulnerability's name; {@code limit}, {@code cursor}
     */
    public Future<Page> carriers(JsonObject query) {
        return page("listCarriers", query(query));
    }

    public Future<JsonObject> deactivate(String image) {
        return data("deactivateImage", at(image));
    }

    /** The same as {@link #deactivate}. */
    public Future<JsonObject> deleteImage(String image) {
        return data("deleteImage", at(image));
    }

    public EventWatch watchImage(String image, Consumer<EventWatch.Event> handler) {
        return watch("watchImage", image, null, handler);
    }

    /** @param lastId the last event that was seen: the watch goes on behind it */
    public EventWatch watchImage(String image, long lastId, Consumer<EventWatch.Event> handler) {
        return watch("watchImage", image, lastId, handler);
    }

    /** Hears what is published about an image. Needs no right: every member of the cluster may listen. */
    public PublishedEvents hearImage(String imageId, Consumer<EventWatch.Event> handler) {
        return new PublishedEvents(vertx, PublishedEvents.ofImage(imageId), handler);
    }

    // --- registry credentials ---

    public Future<Page> registryCredentials(JsonObject query) {
        return page("listRegistryCredentials", query(query));
    }

    public Future<JsonObject> putRegistryCredential(String host, JsonObject credential) {
        return data("putRegistryCredential", path("host", host).put("body", credential));
    }

    public Future<JsonObject> deleteRegistryCredential(String host) {
        return data("deleteRegistryCredential", path("host", host));
    }

    // --- availability groups ---

    public Future<JsonObject> createGroup(JsonObject group) {
        return data("createGroup", body(group));
    }

    public Future<Page> groups(JsonObject query) {
        return page("listGroups", query(query));
    }

    public Future<JsonObject> group(String groupId) {
        return data("getGroup", at(groupId));
    }

    public Future<JsonObject> deleteGroup(String groupId) {
        return data("deleteGroup", at(groupId));
    }

    public Future<JsonObject> addGroupImages(String groupId, List<String> imageIds) {
        return data("addGroupImages", at(groupId).put("body", list("image_ids", imageIds)));
    }

    public Future<JsonObject> removeGroupImage(String groupId, String imageId) {
        return data("removeGroupImage", path("id", groupId, "image_id", imageId));
    }

    public Future<JsonObject> addGroupWorkers(String groupId, List<String> workerIds) {
        return data("addGroupWorkers", at(groupId).put("body", list("worker_ids", workerIds)));
    }

    public Future<JsonObject> removeGroupWorker(String groupId, String workerId) {
        return data("removeGroupWorker", path("id", groupId, "worker_id", workerId));
    }

    // --- workers ---

    public Future<Page> workers(JsonObject query) {
        return page("listWorkers", query(query));
    }

    public Future<JsonObject> worker(String workerId) {
        return data("getWorker", at(workerId));
    }

    public Future<JsonObject> drainWorker(String workerId) {
        return data("drainWorker", at(workerId));
    }

    /** @param drain {@code deadline_s} */
    public Future<JsonObject> drainWorker(String workerId, JsonObject drain) {
        return data("drainWorker", at(workerId).put("body", drain));
    }

    public Future<JsonObject> resumeWorker(String workerId) {
        return data("resumeWorker", at(workerId));
    }

    public Future<JsonObject> deleteWorker(String workerId) {
        return data("deleteWorker", at(workerId));
    }

    /** @param dryRun only tell what would go */
    public Future<JsonObject> collectGarbage(String workerId, boolean dryRun) {
        return data("collectGarbage", at(workerId).put("query", new JsonObject().put("dry_run", dryRun)));
    }

    // --- quotas ---

    public Future<JsonObject> createQuotaProfile(JsonObject profile) {
        return data("createQuotaProfile", body(profile));
    }

    public Future<Page> quotaProfiles(JsonObject query) {
        return page("listQuotaProfiles", query(query));
    }

    public Future<JsonObject> quotaProfile(String quotaId) {
        return data("getQuotaProfile", at(quotaId));
    }

    public Future<JsonObject> putQuotaProfile(String quotaId, JsonObject change) {
        return data("putQuotaProfile", at(quotaId).put("body", change));
    }

    public Future<JsonObject> deleteQuotaProfile(String quotaId) {
        return data("deleteQuotaProfile", at(quotaId));
    }

    /** @param query {@code user_id}; empty: the caller's own */
    public Future<JsonObject> quotaUsage(JsonObject query) {
        return data("getQuotaUsage", query(query));
    }

    // --- bunkers ---

    public Future<JsonObject> createBunker(JsonObject bunker) {
        return data("createBunker", body(bunker), timeout.plusSeconds(bunker.getInteger("wait_for_image_s", 0)));
    }

    /** @param query {@code status}, {@code lifecycle}, {@code image}, {@code limit}, {@code cursor} */
    public Future<Page> bunkers(JsonObject query) {
        return page("listBunkers", query(query));
    }

    public Future<JsonObject> bunker(String bunkerId) {
        return data("getBunker", at(bunkerId));
    }

    public Future<JsonObject> endBunker(String bunkerId) {
        return data("deleteBunker", at(bunkerId));
    }

    /** Ends it when a snapshot of it is ready, which the answer names ({@code snapshot_id}); not at all if that fails. */
    public Future<JsonObject> endBunkerWithSnapshot(String bunkerId) {
        return data("deleteBunker", at(bunkerId).put("query", new JsonObject().put("snapshot", true)));
    }

    public Future<JsonObject> pauseBunker(String bunkerId) {
        return data("pauseBunker", at(bunkerId));
    }

    public Future<JsonObject> resumeBunker(String bunkerId) {
        return data("resumeBunker", at(bunkerId));
    }

    /** Runs a command in a bunker and waits for its end. */
    public Future<JsonObject> exec(String bunkerId, JsonObject command) {
        Duration limit = timeout.plusSeconds(command.getInteger("timeout_s", 60));
        return data("execInBunker", at(bunkerId).put("body", command), limit);
    }

    /** Runs a command in a bunker and tells what it writes as it comes. */
    public RunningCommand execStreaming(String bunkerId, JsonObject command, CommandOutput output) {
        RunningCommand running = new RunningCommand(output);
        place("execInBunker", at(bunkerId).put("body", command).put("stream", true))
                .compose(place -> line.request(HttpMethod.POST, place))
                .onSuccess(request -> running.begin(request, command.toBuffer()))
                .onFailure(running::fail);
        return running;
    }

    /** Asks where the bytes of an operation flow; who may not do it is told here. */
    private Future<DataPlace> place(String operationId, JsonObject request) {
        return data(operationId, request).map(DataPlace::of);
    }

    /** What its console said last. */
    public Future<JsonObject> logs(String bunkerId) {
        return data("getBunkerLogs", at(bunkerId));
    }

    /**
     * Reads a file in a bunker, as fast as it is taken.
     *
     * @param query {@code path}, {@code user}
     * @param content ended when all of it was written there
     * @return {@code {path, mode}} then; a failure where the file did not come whole, whatever was written before
     */
    public Future<JsonObject> readFile(String bunkerId, JsonObject query, WriteStream<Buffer> content) {
        return place("getBunkerFile", at(bunkerId).put("query", query))
                .compose(place -> line.request(HttpMethod.GET, place))
                .compose(request -> DataLine.accepted(request.send())
                        .compose(response -> response.pipeTo(content)
                                .onFailure(thrown -> request.reset())
                                .recover(DataLine::away)
                                .map(whole -> new JsonObject()
                                        .put("path", query.getString("path"))
                                        .put("mode", response.getHeader("X-File-Mode")))));
    }

    /**
     * Writes a file in a bunker, as fast as it is taken there.
     *
     * @param query {@code path}, {@code user}
     * @param content read to its end; if it fails, there is no such file, or the old one
     * @return {@code {path, size}} when it is there whole
     */
    public Future<JsonObject> writeFile(String bunkerId, JsonObject query, ReadStream<Buffer> content) {
        content.pause();
        return place("putBunkerFile", at(bunkerId).put("query", query))
                .compose(place -> line.request(HttpMethod.PUT, place))
                .compose(request -> DataLine.accepted(send(request, content))
                        .onFailure(thrown -> request.reset())
                        .compose(DataLine::body)
                        .recover(DataLine::away)
                        .map(told -> new JsonObject(told).getJsonObject("data")));
    }

    /** The answer may come before all was sent, as when the disk is full; a source that fails is an answer, too. */
    private static Future<HttpClientResponse> send(HttpClientRequest request, ReadStream<Buffer> content) {
        request.setChunked(true);
        Promise<HttpClientResponse> answered = Promise.promise();
        request.response().onComplete(response -> {
            if (response.succeeded()) {
                answered.tryComplete(response.result());
            } else {
                answered.tryFail(response.cause());
            }
        });
        content.pipe().endOnFailure(false).to(request).onFailure(answered::tryFail);
        return answered.future();
    }

    /**
     * Opens a terminal in a bunker.
     *
     * @param query {@code cols}, {@code rows}, {@code user}, {@code program}
     * @param output takes what it says
     */
    public Future<BunkerShell> shell(String bunkerId, JsonObject query, Handler<Buffer> output) {
        return place("openBunkerShell", at(bunkerId).put("query", query))
                .compose(line::socket)
                .map(socket -> new BunkerShell(socket, output));
    }

    /** What a directory in a bunker holds. */
    public Future<JsonObject> files(String bunkerId, String path) {
        return data("listBunkerFiles", at(bunkerId).put("query", new JsonObject().put("path", path)));
    }

    /** @param recursive whether a directory goes with all that is in it */
    public Future<JsonObject> removeFile(String bunkerId, String path, boolean recursive) {
        JsonObject query = new JsonObject().put("path", path).put("recursive", recursive);
        return data("deleteBunkerFile", at(bunkerId).put("query", query));
    }

    /** Keeps what a bunker has written so far. */
    public Future<JsonObject> createSnapshot(String bunkerId) {
        return data("createSnapshot", at(bunkerId));
    }

    /** @param query {@code bunker}, {@code limit}, {@code cursor} */
    public Future<Page> snapshots(JsonObject query) {
        return page("listSnapshots", query(query));
    }

    public Future<JsonObject> snapshot(String snapshotId) {
        return data("getSnapshot", at(snapshotId));
    }

    public Future<JsonObject> deleteSnapshot(String snapshotId) {
        return data("deleteSnapshot", at(snapshotId));
    }

    public EventWatch watchBunker(String bunkerId, Consumer<EventWatch.Event> handler) {
        return watch("watchBunker", bunkerId, null, handler);
    }

    /** @param lastId the last event that was seen: the watch goes on behind it */
    public EventWatch watchBunker(String bunkerId, long lastId, Consumer<EventWatch.Event> handler) {
        return watch("watchBunker", bunkerId, lastId, handler);
    }

    /** Hears what is published about a bunker. Needs no right: every member of the cluster may listen. */
    public PublishedEvents hearBunker(String bunkerId, Consumer<EventWatch.Event> handler) {
        return new PublishedEvents(vertx, PublishedEvents.ofBunker(bunkerId), handler);
    }

    /** What stands how, what moves, what does not work. */
    public Future<JsonObject> fleet() {
        return data("getFleet", new JsonObject());
    }

    /** What happened to a bunker, the newest first. */
    public Future<Page> bunkerHistory(String bunkerId, JsonObject query) {
        return page("listBunkerEvents", at(bunkerId).put("query", query));
    }

    // --- tenants, users, keys ---

    /** Who this client's key belongs to, and what they may. */
    public Future<JsonObject> caller() {
        return data("getCaller", new JsonObject());
    }

    public Future<JsonObject> createTenant(JsonObject tenant) {
        return data("createTenant", body(tenant));
    }

    public Future<Page> tenants(JsonObject query) {
        return page("listTenants", query(query));
    }

    public Future<JsonObject> tenant(String tenantId) {
        return data("getTenant", at(tenantId));
    }

    public Future<JsonObject> createUser(JsonObject user) {
        return data("createUser", body(user));
    }

    public Future<Page> users(JsonObject query) {
        return page("listUsers", query(query));
    }

    public Future<JsonObject> user(String userId) {
        return data("getUser", at(userId));
    }

    public Future<JsonObject> disableUser(String userId) {
        return data("disableUser", at(userId));
    }

    public Future<JsonObject> createApiKey(JsonObject key) {
        return data("createApiKey", body(key));
    }

    public Future<Page> apiKeys(JsonObject query) {
        return page("listApiKeys", query(query));
    }

    public Future<JsonObject> apiKey(String keyId) {
        return data("getApiKey", at(keyId));
    }

    public Future<JsonObject> revokeApiKey(String keyId) {
        return data("revokeApiKey", at(keyId));
    }

    // --- health ---

    public Future<JsonObject> health() {
        return data("getHealth", new JsonObject());
    }

    public Future<JsonObject> readiness() {
        return data("getReadiness", new JsonObject());
    }

    private EventWatch watch(String operationId, String id, @Nullable Long lastId, Consumer<EventWatch.Event> handler) {
        return new EventWatch(vertx, request -> data(operationId, request), at(id), lastId, WATCH_SILENCE, handler);
    }

    private static JsonObject query(JsonObject query) {
        return new JsonObject().put("query", query);
    }

    private static JsonObject list(String field, List<String> ids) {
        return new JsonObject().put(field, new JsonArray(ids));
    }

    private static JsonObject path(String... namesAndValues) {
        JsonObject path = new JsonObject();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            path.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new JsonObject().put("path", path);
    }

    private static JsonObject body(JsonObject body) {
        return new JsonObject().put("body", body);
    }

    private static JsonObject at(String id) {
        return path("id", id);
    }
}
