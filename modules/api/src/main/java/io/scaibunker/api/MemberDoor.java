package io.scaibunker.api;

import io.scaibunker.bus.DataPlace;
import io.scaibunker.bus.FleetPass;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The door for bulk bytes of clients within the cluster: files, commands that are told as they run, terminals. They ask on the bus,
 * which answers with this door's place, and send the same request here by HTTP.
 *
 * <p>Not the public door, because that is where clients are, behind a proxy or on loopback; this one is where members of the cluster
 * are, and shows certificates where these do. It serves nothing else, and every request is looked at here as at any other door.
 */
final class MemberDoor {
    /**
     * How members of the cluster reach this node.
     *
     * @param tls what they show each other
     */
    record Address(String host, Optional<FleetPass.Tls> tls) {}

    private final Address address;
    private final int wantedPort;
    private final ApiConfig config;
    private final HttpServer server;
    private int port;

    MemberDoor(Vertx vertx, ApiConfig config, Address address, Contract contract, HttpDoor doors) {
        this.address = address;
        this.wantedPort = config.membersPort();
        this.config = config;
        Router router = Router.router(vertx);
        contract.entries().stream()
                .filter(doors::isLive)
                .forEach(entry -> router.route(entry.method(), HttpDoor.route(entry))
                        .handler(context -> doors.flow(entry, context)));
        router.route().handler(context -> doors.noSuchRoute(context.request()));
        this.server = vertx.createHttpServer(options()).requestHandler(router);
    }

    private HttpServerOptions options() {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(address.host())
                .setPort(wantedPort)
                .setTcpKeepAlive(true)
                .setIdleTimeout((int) config.idleTimeout().toSeconds());
        address.tls().ifPresent(pems -> {
            pems.applyTo(options);
            options.setClientAuth(ClientAuth.REQUIRED);
        });
        return options;
    }

    Future<?> open() {
        return server.listen().onSuccess(open -> port = open.actualPort());
    }

    Future<Void> close() {
        return server.shutdown(config.stopTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Where to send what was asked on the bus. */
    DataPlace place(Contract.Entry entry, Incoming incoming) {
        String path = entry.route();
        for (Map.Entry<String, String> part : incoming.path().entrySet()) {
            path = path.replace("{" + part.getKey() + "}", encoded(part.getValue()));
        }
        String query = incoming.query().entrySet().stream()
                .map(each -> encoded(each.getKey()) + "=" + encoded(each.getValue()))
                .collect(Collectors.joining("&"));
        return new DataPlace(
                address.host(), port, address.tls().isPresent(), query.isEmpty() ? path : path + "?" + query);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
