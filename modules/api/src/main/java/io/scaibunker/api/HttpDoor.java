package io.scaibunker.api;

import io.scaibunker.bus.RequestScope;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The door for HTTP: one route for each operation of the contract, and the contract itself. */
final class HttpDoor {
    private static final String REQUEST_ID = "X-Request-Id";
    private static final String SHELL_PROTOCOL = "scaibunker";
    private static final String KEY_PROTOCOL = "bearer.";
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final String JSON = "application/json";

    /** Prometheus's text format. */
    private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

    /** Requests at once over one connection of HTTP/2. */
    private static final int STREAMS_MAX = 100;

    /** As much as all of these may have under way, 64 KiB each: an upload that its bunker takes slowly holds up no other request. */
    private static final int CONNECTION_WINDOW = STREAMS_MAX * (64 << 10);

    private final Vertx vertx;
    private final ApiConfig config;
    private final Reception reception;
    private final WatchDesk watchDesk;
    private final Map<String, LiveOperation> live;
    private final HttpServer server;

    /** @param live what is neither one question and one answer, nor a watch */
    HttpDoor(
            Vertx vertx,
            ApiConfig config,
            Contract contract,
            Reception reception,
            WatchDesk watchDesk,
            Map<String, LiveOperation> live,
            Buffer contractText,
            PageDoor pages,
            MetricsPage metrics) {
        this.vertx = vertx;
        this.config = config;
        this.reception = reception;
        this.live = Map.copyOf(live);
        this.watchDesk = watchDesk;
        HttpServerOptions options = new HttpServerOptions()
                .setHost(config.host())
                .setPort(config.port())
                .addWebSocketSubProtocol(SHELL_PROTOCOL)
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(STREAMS_MAX))
                .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
                .setIdleTimeout((int) config.idleTimeout().toSeconds())
                .setIdleTimeoutUnit(TimeUnit.SECONDS);
        this.server = vertx.createHttpServer(options)
                .invalidRequestHandler(this::notHttp)
                .requestHandler(router(contract, contractText, pages, metrics));
    }

    private Router router(Contract contract, Buffer contractText, PageDoor pages, MetricsPage metrics) {
        Router router = Router.router(vertx);
        router.get("/metrics")
                .handler(context ->
                        metrics.text().onSuccess(text -> answerText(context.request(), METRICS, Buffer.buffer(text))));
        router.get("/" + Contract.FILE)
                .handler(context -> answerText(context.request(), "application/yaml", contractText));
        Buffer asJson = CurlLines.in(contract).toBuffer();
        router.get("/" + Contract.JSON_FILE).handler(context -> answerText(context.request(), JSON, asJson));
        for (String path : PageDoor.PATHS) {
            router.route(path).handler(context -> {
                if (!pages.answer(context.request(), context.normalizedPath())) {
                    context.next();
                }
            });
        }
        for (Contract.Entry entry : contract.entries()) {
            router.route(entry.method(), route(entry)).handler(context -> {
                if (entry.isStream()) {
                    watch(entry, context);
                } else if (entry.isLive() || isLive(entry) && wantsEvents(context.request())) {
                    flow(entry, context);
                } else {
                    take(entry, context);
                }
            });
        }
        router.route().handler(context -> noSuchRoute(context.request()));
        // Paths that the router itself cannot read, such as a bad percent-encoding.
        router.errorHandler(400, context -> refuse(context.request(), PlatformException.invalid("path", "not a path")));
        return router;
    }

    /** An operation's path, as a router has it. */
    static String route(Contract.Entry entry) {
        return entry.route().replaceAll("\\{(\\w+)}", ":$1");
    }

    /** Whether its bytes may flow while it lasts. */
    boolean isLive(Contract.Entry entry) {
        return live.containsKey(entry.id());
    }

    /** Serves an operation whose bytes flow. */
    void flow(Contract.Entry entry, RoutingContext context) {
        if (entry.isLive()) {
            context.request().pause();
            begin(entry, context, Future.succeededFuture(Buffer.buffer()));
        } else {
            begin(entry, context, body(context.request()));
        }
    }

    void noSuchRoute(HttpServerRequest request) {
        refuse(request, Envelope.noSuchRoute(request.method().name(), request.path()));
    }

    Future<Integer> open() {
        return server.listen().map(HttpServer::actualPort);
    }

    /** Takes no more; what is under way may finish. */
    Future<Void> close() {
        return server.shutdown(config.stopTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void take(Contract.Entry entry, RoutingContext context) {
        HttpServerRequest request = context.request();
        String requestId = RequestIds.of(request.getHeader(REQUEST_ID));
        Traffic traffic = Traffic.enter(Traffic.Door.HTTP, entry, requestId);
        body(request)
                .map(body -> incoming(entry, context, requestId, body))
                .compose(reception::receive)
                .recover(thrown -> Future.succeededFuture(Reception.envelope(entry.id(), requestId, thrown)))
                .onSuccess(envelope -> {
                    traffic.left(envelope);
                    answer(request, requestId, envelope);
                });
    }

    private void watch(Contract.Entry entry, RoutingContext context) {
        HttpServerRequest request = context.request();
        String requestId = RequestIds.of(request.getHeader(REQUEST_ID));
        RequestScope.enter(requestId);
        body(request)
                .compose(body ->
                        watchDesk.open(incoming(entry, context, requestId, body), request.getHeader(LAST_EVENT_ID)))
                .onSuccess(begin -> {
                    if (!request.response().closed()) {
                        begin.accept(new SseSink(request.response().putHeader(REQUEST_ID, requestId)));
                    }
                })
                .onFailure(thrown -> answer(request, requestId, Reception.envelope(entry.id(), requestId, thrown)));
    }

    private Future<Buffer> body(HttpServerRequest request) {
        return BodyReader.read(vertx, request, config.bodyLimit(), config.bodyTimeout());
    }

    private static boolean wantsEvents(HttpServerRequest request) {
        String accepted = request.getHeader("Accept");
        return accepted != null && accepted.contains("text/event-stream");
    }

    private void begin(Contract.Entry entry, RoutingContext context, Future<Buffer> read) {
        HttpServerRequest request = context.request();
        String requestId = RequestIds.of(request.getHeader(REQUEST_ID));
        RequestScope.enter(requestId);
        LiveOperation operation = Objects.requireNonNull(live.get(entry.id()), entry.id());
        read.compose(body -> reception.admit(incoming(entry, context, requestId, body)))
                .compose(admitted -> {
                    request.response().putHeader(REQUEST_ID, requestId);
                    return operation.begin(admitted, request);
                })
                .map(reply -> reply.map(said -> Envelope.of(said, requestId)))
                .recover(thrown ->
                        Future.succeededFuture(Optional.of(Reception.envelope(entry.id(), requestId, thrown))))
                .onSuccess(envelope -> envelope.ifPresent(told -> {
                    answer(request, requestId, told);
                    request.resume();
                }));
    }

    private static Incoming incoming(Contract.Entry entry, RoutingContext context, String requestId, Buffer body) {
        HttpServerRequest request = context.request();
        Map<String, String> query = new LinkedHashMap<>();
        context.queryParams().forEach((name, value) -> query.putIfAbsent(name, value));
        String key = entry.isPost() ? request.getHeader(Checks.idempotencyHeader()) : null;
        Promise<Void> gone = Promise.promise();
        if (key == null) {
            request.response().closeHandler(closed -> gone.tryComplete());
        }
        return new Incoming(
                entry.id(), requestId, authorization(request), key, context.pathParams(), query, body, gone.future());
    }

    /** A browser's WebSocket can say its key only as one of the protocols it offers. */
    private static @Nullable String authorization(HttpServerRequest request) {
        String offered = request.getHeader("Sec-WebSocket-Protocol");
        String said = request.getHeader("Authorization");
        return said != null || offered == null
                ? said
                : Arrays.stream(offered.split(","))
                        .map(String::strip)
                        .filter(protocol -> protocol.startsWith(KEY_PROTOCOL))
                        .map(protocol -> "Bearer " + protocol.substring(KEY_PROTOCOL.length()))
                        .findFirst()
                        .orElse(null);
    }

    private static void answer(HttpServerRequest request, String requestId, Envelope envelope) {
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            return;
        }
        boolean alone =
                envelope.dataType().isPresent() && envelope.dataType().get().equals(request.getHeader("Accept"));
        response.setStatusCode(envelope.status())
                .putHeader(REQUEST_ID, requestId)
                .putHeader("Content-Type", alone ? envelope.dataType().get() : JSON);
        // Answers hold secrets and change: no cache between us and the caller may keep them.
        response.putHeader("Cache-Control", "no-store");
        Long pause =
                envelope.retryAfter() ? envelope.json().getJsonObject("error").getLong("retry_after") : null;
        if (pause != null) {
            response.putHeader("Retry-After", pause.toString());
        }
        if (envelope.status() == 401) {
            response.putHeader("WWW-Authenticate", "Bearer");
        }
        JsonObject body = alone ? envelope.json().getJsonObject("data") : envelope.json();
        end(request, response, body.toBuffer());
    }

    private static void end(HttpServerRequest request, HttpServerResponse response, Buffer body) {
        // A body that was not read to its end makes the connection useless for a next request.
        boolean unread = !request.isEnded() && request.version() != HttpVersion.HTTP_2;
        if (unread) {
            response.putHeader("Connection", "close");
        }
        Future<Void> ended = request.method() == HttpMethod.HEAD ? response.end() : response.end(body);
        ended.onComplete(sent -> {
            if (unread || sent.failed()) {
                request.connection().close();
            }
        });
    }

    private void refuse(HttpServerRequest request, PlatformException failure) {
        String requestId = RequestIds.of(request.getHeader(REQUEST_ID));
        answer(request, requestId, Reception.envelope("none", requestId, failure));
    }

    /** What the HTTP decoder refused: a line too long, a header it cannot read. */
    private void notHttp(HttpServerRequest request) {
        refuse(request, PlatformException.invalid("request", "not HTTP as this server reads it, or a line too long"));
        request.connection().close();
    }

    private static void answerText(HttpServerRequest request, String type, Buffer text) {
        request.response()
                .putHeader(REQUEST_ID, RequestIds.of(request.getHeader(REQUEST_ID)))
                .putHeader("Content-Type", type)
                .end(text)
                .onFailure(gone -> request.connection().close());
    }
}
