package io.scaibunker.node;

import io.scaibunker.api.ApiVerticle;
import io.scaibunker.api.ReadyCheck;
import io.scaibunker.bus.BunkerAccessClient;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.InventoryClient;
import io.scaibunker.fanout.FanoutVerticle;
import io.scaibunker.scanner.ScannerVerticle;
import io.scaibunker.scheduler.SchedulerVerticle;
import io.scaibunker.store.Database;
import io.scaibunker.store.SecretBox;
import io.scaibunker.worker.WorkerVerticle;
import io.vertx.core.Deployable;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Makes the rooms of this node; what a room needs is handed to it here and nowhere else.
 *
 * @param control what control rooms work with; none on a node that hosts workers alone
 * @param checks what this node's readiness depends on
 * @param measured what this process has measured, in Prometheus's text format
 */
record Rooms(
        Configuration configuration,
        Vertx vertx,
        FleetPass pass,
        Optional<Control> control,
        Map<String, ReadyCheck> checks,
        Supplier<String> measured) {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);

    /** A worker may have to read a large copy first. */
    private static final Duration INVENTORY_LIMIT = Duration.ofMinutes(2);

    /** Rows, and what opens the secrets in them. */
    record Control(Database database, SecretBox secrets) {}

    Deployable make(RoomName name) {
        return switch (name) {
            case FANOUT -> new FanoutVerticle(configuration.fanout(), rows().database(), rows().secrets());
            case SCHEDULER -> new SchedulerVerticle(configuration.scheduler(), rows().database());
            case SCANNER -> scanner();
            case WORKER -> worker();
            case API -> api();
        };
    }

    private ScannerVerticle scanner() {
        var workers = new InventoryClient(vertx, pass, CONNECT_LIMIT, INVENTORY_LIMIT);
        return new ScannerVerticle(configuration.scanner(), rows().database(), workers::read);
    }

    private WorkerVerticle worker() {
        var alone = configuration.node().rooms().size() == 1;
        return new WorkerVerticle(configuration.worker(), pass, alone);
    }

    private ApiVerticle api() {
        var access = new BunkerAccessClient(vertx, pass, CONNECT_LIMIT);
        return new ApiVerticle(
                configuration.api(),
                rows().database(),
                rows().secrets(),
                access::open,
                checks,
                measured,
                configuration.cluster().host(),
                pass.tls());
    }

    private Control rows() {
        return control.orElseThrow(() -> new IllegalStateException("a control room without a database"));
    }
}
