package io.scaibunker.api;

import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.console.Pages;
import io.scaibunker.store.Database;
import io.scaibunker.store.Events;
import io.scaibunker.store.IdempotencyKeys;
import io.scaibunker.store.SecretBox;
import io.scaibunker.store.Workers;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The door of the api room. Several instances may run; they share the port. */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class ApiVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ApiVerticle.class);
    private static final Duration SWEEP = Duration.ofMinutes(30);
    private static final Duration EVENT_SWEEP = Duration.ofMinutes(1);

    private final ApiConfig config;
    private final Database database;
    private final SecretBox box;
    private final BunkerAccess access;
    private final Map<String, ReadyCheck> checks;
    private final Supplier<String> measured;
    private final MemberDoor.Address members;

    private Post post;
    private HttpDoor httpDoor;
    private MemberDoor memberDoor;
    private BusDoor busDoor;
    private WatchDesk watchDesk;
    private MetricsPage metrics;
    private Optional<EventPublisher> publisher = Optional.empty();
    private volatile int port;

    /**
     * @param checks what {@code /health/ready} looks at, beside the database
     * @param measured what this process has measured, in Prometheus's text format
     * @param host the address that members of the cluster reach this node at
     * @param tls what they show each other
     */
    public ApiVerticle(
            ApiConfig config,
            Database database,
            SecretBox box,
            BunkerAccess access,
            Map<String, ReadyCheck> checks,
            Supplier<String> measured,
            String host,
            Optional<FleetPass.Tls> tls) {
        this.config = config;
        this.database = database;
        this.box = box;
        this.access = access;
        this.checks = Map.copyOf(checks);
        this.measured = measured;
        this.members = new MemberDoor.Address(host, tls);
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        return Future.all(
                        Contract.read(vertx),
                        WebTokens.open(vertx, config),
                        vertx.fileSystem().readFile(Contract.FILE),
                        vertx.executeBlocking(Pages::load))
                .compose(read -> open(read.resultAt(0), read.resultAt(1), read.resultAt(2), read.resultAt(3)));
    }

    private Future<?> open(Contract contract, Optional<WebTokens> webTokens, Buffer contractText, Pages pages) {
        Feeders feeders = new Feeders(InstantSource.system(), () -> Workers.serving(database.client()));
        CopyProgress progress = new CopyProgress(InstantSource.system(), feeders);
        SnapshotDesk snapshots = new SnapshotDesk(database, post, config.snapshotsMax());
        BunkerOperations bunkers = new BunkerOperations(
                database,
                post,
                new Placing(database, post, config.placeTimeout()),
                snapshots,
                progress,
                config.lives());
        Map<String, LiveOperation> live = new HashMap<>();
        Reception reception = new Reception(
                contract,
                operations(bunkers, new SnapshotOperations(database, post, bunkers, snapshots), progress, live),
                new Callers(database, webTokens),
                new Checks(vertx, contract),
                new Idempotency(database, box));
        Watches watches = new Watches(vertx, config, database, progress);
        post.watch(News.CopyProgressed.ADDRESS, News.CopyProgressed.class, watches::hear);
        Map<String, WatchOperations.Watchable> watchables = new HashMap<>();
        new WatchOperations(database, bunkers, progress).enrol(watchables);
        watchDesk = new WatchDesk(reception, watchables, watches);
        metrics = new MetricsPage(database, measured);
        httpDoor = new HttpDoor(
                vertx, config, contract, reception, watchDesk, live, contractText, new PageDoor(pages), metrics);
        memberDoor = new MemberDoor(vertx, config, members, contract, httpDoor);
        busDoor = new BusDoor(vertx, contract, reception, watchDesk, httpDoor, memberDoor, config.bodyLimit());
        vertx.setPeriodic(SWEEP.toMillis(), tick -> sweep());
        vertx.setPeriodic(EVENT_SWEEP.toMillis(), tick -> sweepEvents());
        if (config.publishEvents()) {
            publisher = Optional.of(new EventPublisher(vertx, database));
        }
        return post.open()
                .compose(watching -> memberDoor.open())
                .compose(listening -> busDoor.open())
                .compose(known -> httpDoor.open())
                .onSuccess(actual -> {
                    port = actual;
                    LOG.info("api listens on {}:{}", config.host(), actual);
                });
    }

    private Map<String, Operation> operations(
            BunkerOperations bunkers,
            SnapshotOperations snapshots,
            CopyProgress progress,
            Map<String, LiveOperation> live) {
        Map<String, ReadyCheck> all = new HashMap<>(checks);
        all.put("database", database::ping);

        Map<String, Operation> operations = new HashMap<>();
        new HealthOperations(all, config.checkTimeout()).enrol(operations);
        new ImageOperations(database, box, post, snapshots).enrol(operations);
        new ScanOperations(vertx, database, post).enrol(operations);
        new CopyOperations(database, post, progress).enrol(operations);
        new CredentialOperations(database, box).enrol(operations);
        new GroupOperations(database, post).enrol(operations);
        new WorkerOperations(database, post, config.placeTimeout()).enrol(operations);
        bunkers.enrol(operations);
        snapshots.enrol(operations);
        new HistoryOperations(database, bunkers).enrol(operations);
        new CallerOperations(database).enrol(operations);
        new FleetOperations(database, progress).enrol(operations);
        LiveBunkers running = new LiveBunkers(vertx, database, bunkers, access);
        ExecOperations commands = new ExecOperations(running, config.outputLimit());
        commands.enrol(operations);
        commands.enrolLive(live);
        FileOperations files = new FileOperations(running);
        files.enrol(operations);
        files.enrolLive(live);
        new ShellOperations(vertx, running).enrolLive(live);
        new QuotaOperations(database).enrol(operations);
        new TenantOperations(database).enrol(operations);
        new UserOperations(database).enrol(operations);
        new KeyOperations(database).enrol(operations);
        return operations;
    }

    private void sweep() {
        IdempotencyKeys.sweep(database.client())
                .onFailure(thrown -> LOG.warn("old idempotency keys stay until the next sweep", thrown));
    }

    private void sweepEvents() {
        Events.sweep(database.client(), config.eventRetention(), config.eventLimit())
                .onSuccess(gone -> {
                    if (gone > 0) {
                        sweepEvents();
                    }
                })
                .onFailure(thrown -> LOG.warn("old events stay until the next sweep", thrown));
    }

    /** Where HTTP is served: another than conf's if that was 0. */
    public int port() {
        return port;
    }

    private Future<?> closePublisher() {
        return publisher.map(EventPublisher::close).orElseGet(Future::succeededFuture);
    }

    @Override
    public Future<?> stop() {
        watchDesk.close();
        metrics.close();
        return busDoor.close()
                .otherwiseEmpty()
                .compose(gone -> Future.join(httpDoor.close(), memberDoor.close(), closePublisher()))
                .otherwiseEmpty()
                .compose(gone -> post.close(config.stopTimeout()));
    }
}
