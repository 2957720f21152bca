package io.scaibunker.bus;

import io.scaibunker.bus.FleetPass.Tls;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/** The way to a {@link DataPlace}. What is refused there fails as it would have on the bus. */
final class DataLine {
    private static final int CONNECT_MILLIS = 3_000;

    /** Each file and command under way has a connection of its own. */
    private static final int CONNECTIONS_MAX = 256;

    /** Larger than anything that a node sends at once. */
    private static final int FRAME_MAX = 1 << 20;

    private final HttpClient http;
    private final WebSocketClient sockets;
    private final Secret key;

    DataLine(Vertx vertx, Secret key, Optional<Tls> tls) {
        this.key = key;
        HttpClientOptions options =
                new HttpClientOptions().setConnectTimeout(CONNECT_MILLIS).setTcpKeepAlive(true);
        WebSocketClientOptions socketOptions = new WebSocketClientOptions()
                .setConnectTimeout(CONNECT_MILLIS)
                .setTcpKeepAlive(true)
                .setMaxFrameSize(FRAME_MAX)
                .setMaxMessageSize(FRAME_MAX)
                .setMaxConnections(CONNECTIONS_MAX);
        tls.ifPresent(pems -> {
            pems.applyTo(options);
            pems.applyTo(socketOptions);
            // Members move between addresses: a certificate says that somebody belongs to the fleet, not where.
            options.setTrustAll(false).setVerifyHost(false);
            socketOptions.setTrustAll(false).setVerifyHost(false);
        });
        this.http = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(CONNECTIONS_MAX));
        this.sockets = vertx.createWebSocketClient(socketOptions);
    }

    Future<HttpClientRequest> request(HttpMethod method, DataPlace place) {
        return http.request(new RequestOptions()
                        .setMethod(method)
                        .setHost(place.host())
                        .setPort(place.port())
                        .setSsl(place.tls())
                        .setURI(place.uri())
                        .putHeader("Authorization", "Bearer " + key.reveal()))
                // What breaks is told by the answer that fails.
                .onSuccess(request -> request.exceptionHandler(thrown -> {}))
                .recover(DataLine::away);
    }

    /** The answer, paused, if it is one; else a failure with what its envelope says. */
    static Future<HttpClientResponse> accepted(Future<HttpClientResponse> answered) {
        return answered.recover(DataLine::away).compose(response -> {
            if (response.statusCode() == 200) {
                response.pause();
                return Future.succeededFuture(response);
            }
            return response.body().recover(DataLine::away).compose(DataLine::refused);
        });
    }

    /** All that an accepted answer says. */
    static Future<Buffer> body(HttpClientResponse paused) {
        Future<Buffer> body = paused.body();
        paused.resume();
        return body;
    }

    Future<WebSocket> socket(DataPlace place) {
        WebSocketConnectOptions options = new WebSocketConnectOptions();
        options.setHost(place.host())
                .setPort(place.port())
                .setSsl(place.tls())
                .setURI(place.uri())
                .putHeader("Authorization", "Bearer " + key.reveal());
        return sockets.connect(options)
                .map(socket -> {
                    socket.pause();
                    return socket;
                })
                .recover(thrown -> thrown instanceof UpgradeRejectedException refused && refused.getBody() != null
                        ? refused(refused.getBody())
                        : away(thrown));
    }

    private static <T> Future<T> refused(Buffer envelope) {
        try {
            return Future.failedFuture(ScaiBunkerClient.failure(new JsonObject(envelope).getJsonObject("error")));
        } catch (DecodeException | NullPointerException | ClassCastException e) {
            return away(e);
        }
    }

    /** For what broke on the way. */
    static <T> Future<T> away(Throwable thrown) {
        return Future.failedFuture(
                thrown instanceof PlatformException ? thrown : PlatformException.unavailable("the api", thrown));
    }
}
