package io.scaibunker.node;

import io.scaibunker.api.ApiVerticle;
import io.scaibunker.api.FirstKey;
import io.scaibunker.api.ReadyCheck;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.SecretBox;
import io.scaibunker.telemetry.Exposition;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running node: what was opened, in order, so that it can be closed in the opposite one. */
final class Node {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final int OPEN_SECONDS = 60;
    private static final int CLOSE_SECONDS = 5;

    private final Configuration configuration;
    private final Deque<Opened> opened = new ArrayDeque<>();
    private Optional<String> url = Optional.empty();
    private Optional<FirstWay> firstWay = Optional.empty();
    private volatile boolean serving;

    /** The key that was made because nobody could have come in, and where it is kept. */
    record FirstWay(Secret key, Path file) {}

    private record Opened(String name, Closing closing) {}

    @FunctionalInterface
    private interface Closing {
        void close() throws Exception;
    }

    private Node(Configuration configuration) {
        this.configuration = configuration;
    }

    /** Blocks until the node does its work. Closes what it opened when a later step fails. */
    static Node start(Configuration configuration) {
        var node = new Node(configuration);
        try {
            node.open();
            return node;
        } catch (Throwable e) {
            Thread.interrupted(); // what ended the start must not end the closing
            node.close();
            throw e;
        }
    }

    /** Where the API is served, if it is here. */
    Optional<String> url() {
        return url;
    }

    /** Present only at the first start of a platform. */
    Optional<FirstWay> firstWay() {
        return firstWay;
    }

    /** Closes everything; answers whether that was done within the limit. */
    boolean stop(Duration limit) throws InterruptedException {
        var closing = Thread.ofPlatform().name("stop").daemon().start(this::close);
        return closing.join(limit);
    }

    private void open() {
        var directory = DataDirectory.open(configuration.node().dataDir());
        onClose("data directory", directory::close);
        var store = configuration.node().needsDatabase() ? Optional.of(openStore()) : Optional.<String>empty();
        var exposition = Exposition.open();
        onClose("metrics", exposition::close);
        var cluster = Cluster.join(configuration.cluster(), exposition, openTraces());
        var vertx = cluster.vertx();
        onClose("cluster", () -> vertx.close().await(CLOSE_SECONDS, TimeUnit.SECONDS));
        BusCodec.install(vertx.eventBus());
        if (configuration.telemetry().metricsPort() != 0) {
            onClose("metrics door", MetricsDoor.open(vertx, configuration.telemetry(), exposition)::close);
        }
        var rooms = new Rooms(
                configuration,
                vertx,
                new FleetPass(
                        JoinToken.of(configuration.cluster(), directory.path()),
                        configuration.cluster().tls()),
                store.map(address -> openControl(vertx, address)),
                Map.<String, ReadyCheck>of("cluster", cluster::check, "rooms", this::check),
                exposition::text);
        if (configuration.node().rooms().contains(RoomName.API)) {
            firstWay = rooms.control().flatMap(control -> makeFirstWay(control, directory.path()));
        }
        configuration.node().rooms().forEach(name -> openRoom(vertx, name, rooms.make(name)));
        serving = true;
    }

    private Optional<Traces> openTraces() {
        var cluster = configuration.cluster();
        var traces = configuration
                .telemetry()
                .traces()
                .map(collector ->
                        Traces.to(collector, configuration.telemetry().ratio(), cluster.host() + ":" + cluster.port()));
        traces.ifPresent(open -> onClose("traces", open::close));
        return traces;
    }

    /** The address of a database with this version's tables. */
    private String openStore() {
        String address = configuration.store().url().map(Secret::reveal).orElseGet(() -> {
            var server = PostgresServer.start(configuration.postgres());
            onClose("PostgreSQL", server::close);
            return server.url();
        });
        Migrations.run(address);
        return address;
    }

    private Rooms.Control openControl(Vertx vertx, String address) {
        var database = Database.open(vertx, address, configuration.store());
        onClose("pool", () -> database.close().await(CLOSE_SECONDS, TimeUnit.SECONDS));
        var keyFile = configuration.node().secretsKeyFile();
        try {
            return new Rooms.Control(database, SecretBox.at(keyFile));
        } catch (IOException | IllegalArgumentException e) {
            throw new StartException("node.secrets-key-file=" + keyFile + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static Optional<FirstWay> makeFirstWay(Rooms.Control control, Path dataDir) {
        var file = dataDir.resolve("super-admin.key");
        return FirstKey.ensure(control.database(), file).await().map(key -> new FirstWay(key, file));
    }

    private void openRoom(Vertx vertx, RoomName name, Deployable room) {
        try {
            String id = vertx.deployVerticle(room).await(OPEN_SECONDS, TimeUnit.SECONDS);
            onClose(name.word(), () -> vertx.undeploy(id).await(CLOSE_SECONDS, TimeUnit.SECONDS));
        } catch (TimeoutException e) {
            throw new StartException("room " + name.word() + " is not open after " + OPEN_SECONDS + " s", e);
        }
        LOG.info("room {} is open", name.word());
        if (room instanceof ApiVerticle api) {
            url = Optional.of("http://" + configuration.api().host() + ":" + api.port());
        }
    }

    /** Fails before all rooms are open, and from the moment that the node is asked to stop. */
    private Future<?> check() {
        return serving
                ? Future.succeededFuture()
                : Future.failedFuture(PlatformException.unavailable("this node's rooms", null));
    }

    private void onClose(String name, Closing closing) {
        opened.push(new Opened(name, closing));
    }

    /** Goes on when one of them fails: the others have work to save too. */
    private void close() {
        serving = false;
        while (!opened.isEmpty()) {
            var next = opened.pop();
            try {
                next.closing().close();
            } catch (Exception e) {
                LOG.warn("closing {} failed", next.name(), e);
            }
        }
    }
}
