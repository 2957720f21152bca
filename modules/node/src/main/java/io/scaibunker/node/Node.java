package io.scaibunker.node;

import io.scaibunker.bus.BusCodec;
import io.scaibunker.model.Secret;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running node: what was opened, in order, so that it can be closed in the opposite one. */
final class Node {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final int CLOSE_SECONDS = 5;

    private final Deque<Opened> opened = new ArrayDeque<>();
    private Optional<URI> url = Optional.empty();

    private record Opened(String name, Closing closing) {}

    @FunctionalInterface
    private interface Closing {
        void close() throws Exception;
    }

    private Node() {}

    /** Blocks until the node does its work. Closes what it opened when a later step fails. */
    static Node start(Configuration configuration) {
        var node = new Node();
        try {
            node.open(configuration);
            return node;
        } catch (Throwable e) {
            node.close();
            throw e;
        }
    }

    /** Where the API is served, if it is here. */
    Optional<URI> url() {
        return url;
    }

    /** Closes everything; answers whether that was done within the limit. */
    boolean stop(Duration limit) throws InterruptedException {
        var closing = Thread.ofPlatform().name("stop").daemon().start(this::close);
        return closing.join(limit);
    }

    private void open(Configuration configuration) {
        var directory = DataDirectory.open(configuration.node().dataDir());
        onClose("data directory", directory::close);
        Optional<String> store =
                configuration.node().needsDatabase() ? Optional.of(openStore(configuration)) : Optional.empty();
        Vertx vertx = Cluster.join(configuration.cluster());
        onClose("cluster", () -> vertx.close().await(CLOSE_SECONDS, TimeUnit.SECONDS));
        BusCodec.install(vertx.eventBus());
        store.ifPresent(address -> {
            var database = Database.open(vertx, address, configuration.store());
            onClose("pool", () -> database.close().await(CLOSE_SECONDS, TimeUnit.SECONDS));
        });
    }

    /** The address of a database with this version's tables. */
    private String openStore(Configuration configuration) {
        String address = configuration.store().url().map(Secret::reveal).orElseGet(() -> {
            var server = PostgresServer.start(configuration.postgres());
            onClose("PostgreSQL", server::close);
            return server.url();
        });
        Migrations.run(address);
        return address;
    }

    private void onClose(String name, Closing closing) {
        opened.push(new Opened(name, closing));
    }

    /** Goes on when one of them fails: the others have work to save too. */
    private void close() {
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
