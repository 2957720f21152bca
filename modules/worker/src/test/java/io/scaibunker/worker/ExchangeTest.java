package io.scaibunker.worker;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.ext4.PieceFile;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.Secret;
import io.scaibunker.model.WorkerId;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.SourceConfig;
import io.scaibunker.testkit.Link;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Workers that give copies to each other, over real connections. */
class ExchangeTest {
    private static final FleetPass PASS = FleetPass.of(new Secret("token"));
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int SIZE_MIB = 64;

    /** How long nobody may give anything until a fetch is given up. */
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final List<Worker> workers = new ArrayList<>();
    private Worker baker;
    private Copy copy;

    @BeforeEach
    void bake() throws Exception {
        baker = new Worker("baker", 2);
        copy = baker.bake("a", content(1, 40));
    }

    @AfterEach
    void close() throws Exception {
        for (Worker worker : workers) {
            worker.close();
        }
        vertx.close().await();
    }

    /** So many files of some 500 KB that do not compress. */
    private static Map<String, byte[]> content(int seed, int files) {
        Random random = new Random(seed);
        Map<String, byte[]> content = new HashMap<>();
        for (int file = 0; file < files; file++) {
            byte[] bytes = new byte[400_000 + random.nextInt(200_000)];
            random.nextBytes(bytes);
            content.put("files/" + seed + "-" + file, bytes);
        }
        return content;
    }

    /** One worker: its files, its server, and how it asks others. */
    private final class Worker {
        private final WorkerId id = WorkerId.fresh();
        private final WorkerFiles files;
        private final CopyLedger ledger;
        private final Shelf shelf;
        private final Bench bench = new Bench(vertx, 1, 1, 1);
        private final HttpServer server;
        private final ExchangeClient client;
        private final CopyFetcher fetcher;

        /** Bytes of pieces that came, of all tries. */
        private final AtomicLong received = new AtomicLong();

        /** Where it was told that they come from. */
        private final Set<String> toldSources = ConcurrentHashMap.newKeySet();

        /** What the room says of a copy that nobody gives. */
        private volatile Supplier<Turn> turn = () -> new Turn(Turn.Kind.BAKE, null, List.of());

        Worker(String name, int slots) throws Exception {
            this(name, slots, new Throttle(0, () -> false));
        }

        Worker(String name, int slots, Throttle uploads) throws Exception {
            files = WorkerFiles.open(directory.resolve(name));
            ledger = CopyLedger.open(files.copies());
            shelf = new Shelf(ledger);
            GrpcServer grpc = GrpcServer.server(vertx, new GrpcServerOptions().setMaxMessageSize(1 << 20));
            new ExchangeServer(id, vertx, shelf, new Uploads(slots), uploads, bench, new Membership(PASS)).enrol(grpc);
            server = vertx.createHttpServer(new HttpServerOptions()
                            .setHost("127.0.0.1")
                            .setPort(0)
                            .setHttp2ClearTextEnabled(true))
                    .requestHandler(grpc);
            server.listen().await();
            client = new ExchangeClient(vertx, PASS, LIMIT, LIMIT);
            fetcher = new CopyFetcher(
                    files, ledger, shelf, client, new Throttle(0, bench::isBooting), PATIENCE, this::address);
            workers.add(this);
        }

        String address() {
            return "127.0.0.1:" + server.actualPort();
        }

        Copy bake(String name, Map<String, byte[]> content) throws Exception {
            Path roots = Files.createDirectories(directory.resolve("roots"));
            Path tar = Tars.ofBytes(roots.resolve(name + ".tar"), content);
            return baker().bake(job(tar, done -> false)).orElseThrow();
        }

        ImageBaker baker() throws IOException {
            return new ImageBaker(
                    files,
                    ledger,
                    new Inventories(files.inventories(), ledger),
                    BlobCache.open(files.blobs(), 0),
                    new ImageSources(SourceConfig.DEFAULTS.withTarRoots(List.of(directory.resolve("roots")))),
                    SnapshotShelf.open(files.snapshots(), ledger),
                    new Throttle(0, () -> false),
                    WorkerConfig.Baker.NATIVE);
        }

        /** @param stop whether to cancel, by how many bytes are here */
        BakeJob job(Path tar, LongPredicate stop) {
            var wanted = new WantedCopy(
                    ImageId.fresh(),
                    1,
                    CacheStatus.PENDING,
                    true,
                    new BuildSource.Tar(tar.toString()),
                    SIZE_MIB,
                    null,
                    null,
                    false);
            AtomicReference<BakeJob> self = new AtomicReference<>();
            AtomicLong before = new AtomicLong(-1);
            self.set(new BakeJob(
                    wanted, Optional.empty(), UnaryOperator.identity(), () -> turn.get(), new BakeJob.Listener() {
                        @Override
                        public void phase(CachePhase phase) {}

                        @Override
                        public void bytes(CachePhase phase, String source, long done, long total) {
                            long last = before.getAndSet(done);
                            received.addAndGet(last < 0 ? 0 : done - last);
                            toldSources.add(source);
                            if (stop.test(done)) {
                                self.get().cancel();
                            }
                        }
                    }));
            return self.get();
        }

        Optional<Copy> fetch(Worker... from) throws IOException {
            return fetch(done -> false, from);
        }

        Optional<Copy> fetch(LongPredicate stop, Worker... from) throws IOException {
            return fetch(
                    stop, java.util.Arrays.stream(from).map(Worker::address).toList());
        }

        Optional<Copy> fetch(LongPredicate stop, List<String> sources) throws IOException {
            return fetcher.fetch(job(Path.of("none"), stop), new Turn(Turn.Kind.FETCH, copy, sources));
        }

        void hasTheCopy() throws IOException {
            assertThat(Files.mismatch(ledger.fileOf(copy.artifactDigest()), baker.ledger.fileOf(copy.artifactDigest())))
                    .isEqualTo(-1);
            assertThat(files.incoming()).isEmptyDirectory();
        }

        void close() throws Exception {
            server.close().await();
            client.close().await();
            bench.close(LIMIT);
        }
    }

    private long pieceBytes() {
        try (var file = PieceFile.whole(
                baker.ledger.table(copy.artifactDigest()).orElseThrow(), baker.ledger.fileOf(copy.artifactDigest()))) {
            return file.bytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A link that breaks is no reason to read the source again: the one worker that has the copy is asked again. */
    @Test
    void aLinkThatIsCutIsTriedAgain() throws Exception {
        Worker other = new Worker("other", 2);
        long step = pieceBytes() / 7;
        AtomicInteger cuts = new AtomicInteger();
        try (Link link = Link.to(baker.server.actualPort())) {
            LongPredicate cutting = done -> {
                if (done > (cuts.get() + 1) * step && cuts.get() < 5) {
                    cuts.incrementAndGet();
                    link.suffer(Link.Trouble.CUT);
                    link.suffer(Link.Trouble.NONE);
                }
                return false;
            };
            assertThat(other.fetch(cutting, List.of("127.0.0.1:" + link.port())))
                    .contains(copy);
        }
        other.hasTheCopy();
        assertThat(cuts).hasValue(5);
        assertThat(other.received.get()).isBetween(pieceBytes(), pieceBytes() + pieceBytes() / 50);
    }

    /** Each connection ends after a piece, or even before that, again and again. */
    @ParameterizedTest
    @EnumSource(names = {"RESET", "TRUNCATED"})
    void aLinkThatBreaksOffIsTriedAgain(Link.Trouble trouble) throws Exception {
        Worker other = new Worker("other", 2);
        AtomicInteger signs = new AtomicInteger();
        try (Link link = Link.to(baker.server.actualPort())) {
            link.suffer(trouble);
            String address = "127.0.0.1:" + link.port();
            // A reset may take with it all that has come. Then it is well again when the room was asked.
            other.turn = () -> {
                link.suffer(Link.Trouble.NONE);
                return new Turn(Turn.Kind.FETCH, copy, List.of(address));
            };
            LongPredicate healing = done -> {
                if (signs.incrementAndGet() == 6) {
                    link.suffer(Link.Trouble.NONE);
                }
                return false;
            };
            assertThat(other.fetch(healing, List.of(address))).contains(copy);
        }
        other.hasTheCopy();
        assertThat(other.received.get()).isBetween(pieceBytes(), pieceBytes() + pieceBytes() / 50);
    }

    /** Its only holder is away while the fetch begins, and answers somewhere else when it is back. */
    @Test
    void whoeverHasItByNowIsHeardOfMeanwhile() throws Exception {
        Worker gone = new Worker("gone", 2);
        gone.server.close().await();
        Worker other = new Worker("other", 2);
        other.turn = () -> new Turn(Turn.Kind.FETCH, copy, List.of(baker.address()));
        assertThat(other.fetch(gone)).contains(copy);
        other.hasTheCopy();
    }

    @Test
    void whoGivesItIsNamed() throws Exception {
        Worker other = new Worker("other", 2);
        other.fetch(baker);
        assertThat(other.toldSources).containsExactly(baker.id.toString());
    }

    @Test
    void whatIsSentIsInUseUntilItIsSent() throws Exception {
        Worker other = new Worker("other", 2);
        Digest digest = copy.artifactDigest();
        assertThat(baker.shelf.isServed(digest)).isFalse();
        List<Boolean> meanwhile = new ArrayList<>();
        other.fetch(
                done -> {
                    meanwhile.add(baker.shelf.isServed(digest));
                    return false;
                },
                baker);
        assertThat(meanwhile).startsWith(false, true);
        eventually(() -> assertThat(baker.shelf.isServed(digest)).isFalse());
    }

    /** Where the link is slow, what can be made smaller is; what cannot is sent as it is. */
    @Test
    void whatCompressesGoesCompressedThroughASlowLink() throws Exception {
        long rate = 4 << 20;
        Worker slow = new Worker("slow", 2, new Throttle(rate, () -> false));
        byte[] words = new byte[48 << 20];
        Random random = new Random(5);
        for (int at = 0; at < words.length; at++) {
            words[at] = (byte) ('a' + random.nextInt(2));
        }
        copy = slow.bake("words", Map.of("words", words));
        Worker other = new Worker("other", 2);
        long began = System.nanoTime();
        assertThat(other.fetch(slow)).contains(copy);
        double seconds = (System.nanoTime() - began) / 1e9;
        assertThat(Files.mismatch(
                        other.ledger.fileOf(copy.artifactDigest()), slow.ledger.fileOf(copy.artifactDigest())))
                .isEqualTo(-1);
        // Uncompressed it would take the first number of seconds; the first 8 MiB always go as they are.
        assertThat(seconds).isLessThan((double) words.length / rate).isGreaterThan((8 << 20) * 0.7 / rate);
    }

    @Test
    void aCopyComesWholeAndOnce() throws Exception {
        Worker other = new Worker("other", 2);
        assertThat(other.fetch(baker)).contains(copy);
        other.hasTheCopy();
        assertThat(other.received.get()).isEqualTo(pieceBytes());
        assertThat(other.ledger.bytes()).isEqualTo(copy.allocatedBytes());
    }

    /** Two images of equal content, at once: one comes in, the other finds it. */
    @Test
    void oneArtifactComesInOnceForAllImagesThatAreIt() throws Exception {
        Worker other = new Worker("other", 2);
        try (var threads = Executors.newCachedThreadPool()) {
            List<Future<Optional<Copy>>> fetches = new ArrayList<>();
            for (int image = 0; image < 3; image++) {
                fetches.add(threads.submit(() -> other.fetch(baker)));
            }
            for (var fetch : fetches) {
                assertThat(fetch.get(1, TimeUnit.MINUTES)).contains(copy);
            }
        }
        other.hasTheCopy();
        assertThat(other.ledger.all()).hasSize(3);
        assertThat(other.received.get()).isEqualTo(pieceBytes());
    }

    @Test
    void whatCameInForAnImageIsKeptWhileItIsAwaited() throws Exception {
        Worker other = new Worker("other", 2);
        BakeJob job = other.job(Path.of("none"), done -> done > pieceBytes() / 2);
        assertThatThrownBy(() -> other.fetcher.fetch(job, new Turn(Turn.Kind.FETCH, copy, List.of(baker.address()))))
                .isInstanceOf(CancellationException.class);
        assertThat(other.fetcher.bytes()).isEqualTo(copy.allocatedBytes());
        assertThat(other.fetcher.bytesBeside(copy.artifactDigest())).isZero();
        assertThat(other.fetcher.incoming(Set.of(job.wanted().imageId())))
                .containsExactly(Garbage.incoming(copy.artifactDigest(), copy.allocatedBytes(), true));
        assertThat(other.fetcher.incoming(Set.of()))
                .containsExactly(Garbage.incoming(copy.artifactDigest(), copy.allocatedBytes(), false));
        other.fetcher.forgetIncoming(Set.of(ImageId.fresh(), job.wanted().imageId()));
        assertThat(other.files.incoming()).isNotEmptyDirectory();

        other.fetcher.forgetIncoming(Set.of(ImageId.fresh()));
        assertThat(other.fetcher.bytes()).isZero();
        assertThat(other.files.incoming()).isEmptyDirectory();
    }

    @Test
    void aBakeThatWasCancelledBeforeItBeganLeavesNothing() throws Exception {
        Worker other = new Worker("other", 2);
        BakeJob job = other.job(Path.of("none"), done -> false);
        job.cancel();
        assertThatThrownBy(() -> other.baker().bake(job)).isInstanceOf(CancellationException.class);
        assertThat(other.files.bakes()).isEmptyDirectory();
    }

    /** Cut again and again, by the same worker and by one that was started anew. */
    @Test
    void whatHasComeIsNotAskedForAgain() throws Exception {
        for (int cut = 1; cut <= 4; cut++) {
            Worker other = new Worker("other", 2);
            long until = cut * pieceBytes() / 5;
            assertThatThrownBy(() -> other.fetch(done -> done > until, baker))
                    .isInstanceOf(CancellationException.class);
        }
        Worker other = new Worker("other", 2);
        assertThat(other.fetch(baker)).contains(copy);
        other.hasTheCopy();
        long all = workers.stream()
                .skip(1)
                .mapToLong(worker -> worker.received.get())
                .sum();
        assertThat(all).isBetween(pieceBytes(), pieceBytes() + pieceBytes() / 50);
    }

    /** One place at each: the others are sent on, to those that are still receiving. */
    @Test
    void manyAtOnceBecomeATree() throws Exception {
        Worker narrow = new Worker("narrow", 1);
        assertThat(narrow.fetch(baker)).contains(copy);
        try (var threads = Executors.newCachedThreadPool()) {
            List<Future<Optional<Copy>>> fetches = new ArrayList<>();
            List<Worker> all = new ArrayList<>();
            for (int number = 0; number < 5; number++) {
                Worker worker = new Worker("worker" + number, 1);
                all.add(worker);
                fetches.add(threads.submit(() -> worker.fetch(narrow)));
            }
            for (var fetch : fetches) {
                assertThat(fetch.get(1, TimeUnit.MINUTES)).contains(copy);
            }
            for (Worker worker : all) {
                worker.hasTheCopy();
                assertThat(worker.received.get()).isEqualTo(pieceBytes());
            }
        }
    }

    /** Its copy is whole and in the ledger, while others are still being served from what came in. */
    @Test
    void whoHasAllGoesOnServing() throws Exception {
        var file = PieceFile.whole(
                baker.ledger.table(copy.artifactDigest()).orElseThrow(), baker.ledger.fileOf(copy.artifactDigest()));
        byte[] piece = file.read(0, 0);
        Shelf shelf = new Shelf(new Worker("other", 2).ledger);
        shelf.receiving(copy.artifactDigest(), file);
        Shelf.Item item = shelf.find(copy.artifactDigest()).orElseThrow();

        shelf.received(copy.artifactDigest());
        file.close();
        assertThat(item.file().read(0, 0)).isEqualTo(piece);

        item.close();
        assertThatThrownBy(() -> item.file().read(0, 0)).isInstanceOf(IOException.class);
        assertThat(file.retain()).isFalse();
    }

    @Test
    void aPeerThatGivesOtherBytesIsNotBelieved() throws Exception {
        try (var file =
                new RandomAccessFile(baker.ledger.fileOf(copy.artifactDigest()).toFile(), "rw")) {
            file.seek(2 << 20);
            file.write(file.read() ^ 1);
        }
        Worker other = new Worker("other", 2);
        assertThat(other.fetch(baker)).isEmpty();
        assertThat(other.ledger.all()).isEmpty();
    }

    @Test
    void aPeerThatIsGoneOrHasNothingIsPassedOver() throws Exception {
        Worker empty = new Worker("empty", 2);
        Worker gone = new Worker("gone", 2);
        gone.server.close().await();
        Worker other = new Worker("other", 2);
        assertThat(other.fetch(gone, empty)).isEmpty();
        assertThat(other.fetch(gone, empty, baker)).contains(copy);
        other.hasTheCopy();
    }

    @Test
    void aStrangerGetsNothing() {
        var stranger = new ExchangeClient(vertx, FleetPass.of(new Secret("guessed")), LIMIT, LIMIT);
        assertThatThrownBy(() ->
                        stranger.table(baker.address(), copy.artifactDigest().text(), server -> {}))
                .hasMessageContaining("UNAUTHENTICATED");
        assertThatThrownBy(() -> stranger.pieces(
                        baker.address(),
                        copy.artifactDigest().text(),
                        List.of(0, 1),
                        "",
                        server -> {},
                        (number, bytes) -> {}))
                .hasMessageContaining("UNAUTHENTICATED");
        stranger.close().await();
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        var client = new ExchangeClient(vertx, PASS, LIMIT, LIMIT);
        String digest = copy.artifactDigest().text();
        for (var runs : List.of(List.of(1), List.of(-1, 1), List.of(0, -1), List.of(0, 1 << 30), List.of(1 << 30, 1))) {
            assertThatThrownBy(
                            () -> client.pieces(baker.address(), digest, runs, "", server -> {}, (number, bytes) -> {}))
                    .hasMessageContaining("INVALID_ARGUMENT");
        }
        assertThatThrownBy(() -> client.table(baker.address(), "../../etc/passwd", server -> {}))
                .hasMessageContaining("NOT_FOUND");
        assertThatThrownBy(() -> client.pieces(
                        baker.address(), digest, List.of(0, 1), "a b", server -> {}, (number, bytes) -> {}))
                .hasMessageContaining("INVALID_ARGUMENT");
        client.close().await();
    }
}
