package io.scaibunker.worker;

import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Rounds;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The door of the worker room. */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class WorkerVerticle extends VerticleBase {
    private static final Duration ADOPTION_LIMIT = Duration.ofSeconds(3);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    /** How long another worker that gives a copy may say nothing. */
    private static final Duration PEER_PATIENCE = Duration.ofSeconds(20);

    /** How long it may be that no worker gives anything of a copy, until it is read from its source once more. */
    private static final Duration PEERS_PATIENCE = Duration.ofSeconds(60);

    /** Of what is sent to a worker; commands and their input, questions for pieces. */
    private static final int MESSAGE_MAX = 4 << 20;

    private final WorkerConfig config;
    private final FleetPass pass;
    private final boolean alone;
    private Post post;
    private Bench bench;
    private CopyKeeper copies;
    private BunkerKeeper bunkers;
    private Rounds copyRounds;
    private SnapshotKeeper snapshots;
    private Rounds bunkerRounds;
    private Rounds snapshotRounds;
    private HttpServer server;
    private ExchangeClient peers;
    private BunkerNetworks networks;
    private long beating;
    private List<Runnable> gauges = List.of();
    private boolean stopped;

    /**
     * @param pass what members of the fleet show each other
     * @param alone whether this is the only room of its node
     */
    public WorkerVerticle(WorkerConfig config, FleetPass pass, boolean alone) {
        this.config = config;
        this.pass = pass;
        this.alone = alone;
    }

    private record Opened(
            WorkerFiles files,
            WorkerId self,
            CopyLedger ledger,
            SnapshotShelf snapshots,
            CacheRoom room,
            BlobCache blobs) {}

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        bench = new Bench(vertx, config.bakeSlots(), config.downloadSlots(), config.bootSlots());
        return bench.runShort(this::open).compose(this::serve);
    }

    private Opened open() throws Exception {
        WorkerFiles files = WorkerFiles.open(config.dataDir());
        CopyLedger ledger = CopyLedger.open(files.copies());
        SnapshotShelf snapshots = SnapshotShelf.open(files.snapshots(), ledger);
        CacheRoom room = new CacheRoom(
                config.cacheQuotaBytes(), config.blobCacheBytes(), () -> ledger.bytes() + snapshots.bytes());
        return new Opened(files, files.id(), ledger, snapshots, room, BlobCache.open(files.blobs(), room::forLayers));
    }

    private Future<?> serve(Opened opened) {
        IncarnationId incarnation = IncarnationId.fresh();
        CopyLedger ledger = opened.ledger();
        gauges = List.of(
                Measure.CACHE_BYTES.gauge(ledger::bytes, "copies"),
                Measure.CACHE_BYTES.gauge(() -> layerBytes(opened.blobs()), "layers"));
        networks = new BunkerNetworks(config, opened.self());
        MachineRoom machines = new MachineRoom(vertx, config, opened.files(), networks);
        Inventories inventories = new Inventories(opened.files().inventories(), ledger);
        ImageSources sources = new ImageSources(SourceRules.of(config.sources()));
        Throttle intake = new Throttle(config.downloadRate(), bench::isBooting);
        ImageBaker baker = new ImageBaker(
                opened.files(),
                ledger,
                inventories,
                opened.blobs(),
                sources,
                opened.snapshots(),
                intake,
                config.baker());
        bunkers = new BunkerKeeper(
                context,
                new BunkerDesk(opened.self(), incarnation, post, config.askTimeout()),
                config,
                ledger,
                machines,
                bench,
                () -> bunkerRounds.nudge());
        Shelf shelf = new Shelf(ledger);
        peers = new ExchangeClient(vertx, pass, config.sources().connectTimeout(), PEER_PATIENCE);
        CopyFetcher fetcher =
                new CopyFetcher(opened.files(), ledger, shelf, peers, intake, PEERS_PATIENCE, this::grpcAddress);
        copies = new CopyKeeper(
                context,
                opened.self(),
                incarnation,
                post,
                config.askTimeout(),
                ledger,
                opened.blobs(),
                opened.room(),
                opened.snapshots(),
                baker,
                fetcher,
                config.baker().writerName(),
                bench,
                bunkers::runsFrom,
                shelf::isServed,
                () -> copyRounds.nudge());
        copyRounds = new Rounds(
                vertx,
                "copies",
                config.sweep(),
                () -> copies.drain()
                        // A bunker may have waited for the copy, a copy for the end of a bunker.
                        .onSuccess(done -> bunkerRounds.nudge()));
        bunkerRounds = new Rounds(vertx, "bunkers", config.sweep(), bunkers::drain);
        snapshots = new SnapshotKeeper(
                opened.self(),
                post,
                config.askTimeout(),
                opened.snapshots(),
                new SnapshotTaker(opened.snapshots(), ledger, opened.room(), opened.blobs(), machines, config),
                bunkers,
                bench,
                () -> {
                    snapshotRounds.nudge();
                    bunkerRounds.nudge();
                });
        snapshotRounds = new Rounds(vertx, "snapshots", config.sweep(), snapshots::drain);
        post.heed(Nudge.CopiesChanged.addressOf(opened.self()), copyRounds::nudge);
        post.serve(Question.GarbageAsked.addressOf(opened.self()), Question.GarbageAsked.class, copies::collect);
        post.serve(
                Question.SourceLooked.addressOf(opened.self()),
                Question.SourceLooked.class,
                new SourceLook(sources, bench)::look);
        post.heed(Nudge.BunkersChanged.addressOf(opened.self()), bunkerRounds::nudge);
        post.heed(Nudge.SnapshotsChanged.addressOf(opened.self()), snapshotRounds::nudge);
        // Commands are taken, and copies let go, only when it is known who runs here.
        return bench.await(machines::adopt)
                .compose(left -> bunkers.adopt(left, ADOPTION_LIMIT))
                .compose(adopted -> listen(opened.self(), shelf, inventories))
                .compose(listening -> post.open())
                .onSuccess(open -> begin(
                        new Heartbeat(
                                post,
                                config,
                                opened.self(),
                                incarnation,
                                () -> ledger.bytes() + opened.snapshots().bytes(),
                                machines,
                                grpcAddress()),
                        machines));
    }

    private static Number layerBytes(BlobCache blobs) {
        try {
            return blobs.bytes();
        } catch (IOException unreadable) {
            return Double.NaN;
        }
    }

    private Future<?> listen(WorkerId self, Shelf shelf, Inventories inventories) {
        server = vertx.createHttpServer(pass.server().setHost(config.grpcHost()).setPort(config.grpcPort()));
        GrpcServer grpc = GrpcServer.server(vertx, new GrpcServerOptions().setMaxMessageSize(MESSAGE_MAX));
        Membership membership = new Membership(pass);
        Throttle throttle = new Throttle(config.uploadRate(), bench::isBooting);
        new ExecServer(vertx, bunkers, bench, membership).enrol(grpc);
        new ExchangeServer(self, vertx, shelf, new Uploads(config.uploadSlots()), throttle, bench, membership)
                .enrol(grpc);
        new InventoryServer(inventories, bench, membership).enrol(grpc);
        server.requestHandler(grpc);
        return server.listen();
    }

    private String grpcAddress() {
        return config.grpcHost() + ":" + server.actualPort();
    }

    /**
     * Says hello, tells what is here and finds out whether machines run; only then says hello again, and goes on: the second
     * hello is what makes others count on it.
     */
    private void begin(Heartbeat heartbeat, MachineRoom machines) {
        Future<?> told = heartbeat.beat().compose(hello -> copies.drain());
        Future<?> probed = bench.await(() -> {
            machines.probe();
            return machines;
        });
        Future.join(told, probed).onComplete(settled -> {
            if (stopped) {
                return;
            }
            heartbeat.beat();
            beating = vertx.setPeriodic(config.beat().toMillis(), tick -> heartbeat.beat());
            copyRounds.nudge();
            bunkerRounds.nudge();
            snapshotRounds.nudge();
        });
        told.onComplete(done -> copyRounds.nudge());
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        gauges.forEach(Runnable::run);
        vertx.cancelTimer(beating);
        return Future.join(copyRounds.stop(), bunkerRounds.stop(), snapshotRounds.stop())
                .compose(stopped -> snapshots.stop(CLOSE_LIMIT))
                .compose(stopped -> Future.join(
                        copies.stop(CLOSE_LIMIT), bunkers.stop(config.onStop().keeps(alone))))
                .compose(ended -> post.close(CLOSE_LIMIT))
                .compose(closed -> server.close())
                .compose(closed -> peers.close())
                .compose(closed -> vertx.executeBlocking(() -> {
                    networks.close();
                    bench.close(CLOSE_LIMIT);
                    return true;
                }));
    }
}
