package io.scaibunker.api;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.bus.BunkerShell;
import io.scaibunker.bus.CommandOutput;
import io.scaibunker.bus.EventWatch;
import io.scaibunker.bus.EventWatch.Event;
import io.scaibunker.bus.RunningCommand;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The typed client against the real room: every operation has a method, and answers and refusals are those of HTTP. */
class ClientTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static ScaiBunkerClient client(String key) {
        return new ScaiBunkerClient(api.vertx, new Secret(key), Duration.ofSeconds(10));
    }

    /** Listens where the client would call, so that calling every method shows which operations they are. */
    @Test
    void everyOperationOfTheContractHasAMethod() throws Exception {
        Contract contract = RunningApi.get(Contract.read(api.vertx));
        Set<String> operations =
                contract.entries().stream().map(Contract.Entry::id).collect(Collectors.toCollection(TreeSet::new));
        Set<String> called = new TreeSet<>();
        var bus = io.vertx.core.Vertx.vertx();
        try {
            for (String operation : operations) {
                bus.eventBus().<JsonObject>consumer(ScaiBunkerClient.addressOf(operation), message -> {
                    called.add(operation);
                    message.fail(1, "only counted");
                });
            }
            ScaiBunkerClient counted = new ScaiBunkerClient(bus, new Secret("k"), Duration.ofSeconds(5));
            List<AutoCloseable> lasting = new ArrayList<>();
            for (Method method : ScaiBunkerClient.class.getDeclaredMethods()) {
                boolean typed = java.lang.reflect.Modifier.isPublic(method.getModifiers())
                        && !Set.of("call", "data", "page", "addressOf", "once").contains(method.getName());
                if (typed) {
                    Object result = method.invoke(
                            counted,
                            Arrays.stream(method.getParameterTypes())
                                    .map(ClientTest::any)
                                    .toArray());
                    if (result instanceof AutoCloseable lasts) {
                        lasting.add(lasts);
                    } else {
                        RunningApi.get(((Future<?>) result).otherwiseEmpty());
                    }
                }
            }
            eventually(() -> assertThat(called).isEqualTo(operations));
            for (AutoCloseable lasts : lasting) {
                lasts.close();
            }
        } finally {
            RunningApi.get(bus.close());
        }
    }

    private static Object any(Class<?> type) {
        if (type == String.class) {
            return "x";
        }
        if (type == JsonObject.class) {
            return new JsonObject();
        }
        if (type == boolean.class) {
            return true;
        }
        if (type == long.class) {
            return 1L;
        }
        if (type == CommandOutput.class) {
            return new Said();
        }
        if (type == ReadStream.class) {
            return new Parts(0, 0);
        }
        if (type == WriteStream.class) {
            return new Kept();
        }
        if (type == Handler.class) {
            return (Handler<Buffer>) bytes -> {};
        }
        return type == List.class ? List.of("x") : (java.util.function.Consumer<Event>) event -> {};
    }

    @Test
    void answersAndRefusalsAreThoseOfHttp() {
        World world = new World(api);
        ScaiBunkerClient all = client(api.superKey);
        assertThat(RunningApi.get(all.image(world.image)).getString("id")).isEqualTo(world.image);
        assertThat(RunningApi.get(all.copies(world.image, new JsonObject())).rows())
                .hasSize(1);
        assertThat(RunningApi.get(all.collectGarbage(world.worker.toString(), true))
                        .getLong("kept_bytes"))
                .isEqualTo(7);
        var first = RunningApi.get(all.images(new JsonObject().put("limit", 1)));
        assertThat(first.rows()).hasSize(1);
        assertThat(RunningApi.get(all.images(new JsonObject().put("limit", 1).put("cursor", first.next())))
                        .rows())
                .isNotEqualTo(first.rows());

        ScaiBunkerClient stranger = client(api.key(api.tenant("far" + world.number, "far"), "tenant_viewer"));
        assertThat(refusal(stranger.image(world.image))).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
        assertThat(refusal(stranger.warm(world.image))).isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(stranger.drainWorker(world.worker.toString()))).isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(stranger.watchImage(world.image, event -> {}).begun()))
                .isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
        assertThat(refusal(client("sgk_no").image(world.image))).isEqualTo(ErrorCode.AUTH_TOKEN_INVALID);
    }

    private static ErrorCode refusal(Future<?> asked) {
        return catchThrowableOfType(PlatformException.class, () -> RunningApi.get(asked))
                .code();
    }

    @Test
    void aWatcherByBusIsToldWhatAWatcherByHttpIs() {
        String image = api.register("by-bus", api.superKey);
        List<Event> told = new CopyOnWriteArrayList<>();
        try (EventWatch watch = client(api.superKey).watchImage(image, told::add)) {
            RunningApi.get(watch.begun());
            eventually(() -> assertThat(told).hasSize(1));
            assertThat(told.getFirst().event()).isEqualTo("snapshot");
            for (int i = 0; i < 200; i++) {
                api.rows.execute("UPDATE scans SET generation = generation + 1 WHERE image_id = '"
                        + io.scaibunker.model.ImageId.parse(image).value() + "'");
            }
            eventually(() -> assertThat(told).hasSize(201));
            assertThat(told.stream().map(Event::id)).isSorted().doesNotHaveDuplicates();
        }
        api.rows.execute("UPDATE scans SET generation = generation + 1");
        assertThat(told).hasSize(201);
    }

    @Test
    void aWatchGoesOnBehindTheEventThatItsCallerSawLast() {
        String image = api.register("resumed", api.superKey);
        List<Event> told = new CopyOnWriteArrayList<>();
        try (EventWatch first = client(api.superKey).watchImage(image, told::add)) {
            RunningApi.get(first.begun());
            eventually(() -> assertThat(told).hasSize(1));
        }
        long last = told.getFirst().id();
        RunningApi.get(client(api.superKey).scan(image));
        List<Event> later = new CopyOnWriteArrayList<>();
        try (EventWatch second = client(api.superKey).watchImage(image, last, later::add)) {
            RunningApi.get(second.begun());
            RunningApi.get(client(api.superKey).deactivate(image));
            eventually(() -> assertThat(later).extracting(Event::event).contains("image"));
        }
        assertThat(later).extracting(Event::event).doesNotContain("snapshot").contains("image");
        assertThat(later).allMatch(event -> event.id() > last);
    }

    @Test
    void whatIsPublishedIsWhatAWatcherIsTold() {
        String image = api.register("published", api.superKey);
        List<Event> watched = new CopyOnWriteArrayList<>();
        List<Event> heard = new CopyOnWriteArrayList<>();
        ScaiBunkerClient all = client(api.superKey);
        try (EventWatch watch = all.watchImage(image, watched::add);
                var ears = all.hearImage(image, heard::add)) {
            RunningApi.get(watch.begun());
            eventually(() -> assertThat(watched).hasSize(1));
            RunningApi.get(ears.begun());
            for (int i = 0; i < 100; i++) {
                api.rows.execute("UPDATE scans SET generation = generation + 1 WHERE image_id = '"
                        + io.scaibunker.model.ImageId.parse(image).value() + "'");
            }
            RunningApi.get(all.deactivate(image));
            eventually(() -> assertThat(watched).extracting(Event::event).contains("image"));
            List<Event> changes = List.copyOf(watched).subList(1, watched.size());
            // Registering may be published after the ears were there.
            eventually(() -> assertThat(heard).containsAll(changes));
            assertThat(heard).extracting(Event::id).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void whatIsDoneOnceIsDoneOnce() {
        ScaiBunkerClient once = client(api.superKey).once("key-" + System.nanoTime());
        JsonObject image = RunningApi.image("once-only");
        JsonObject first = RunningApi.get(once.registerImage(image));
        assertThat(RunningApi.get(once.registerImage(image))).isEqualTo(first);
        assertThat(refusal(client(api.superKey).registerImage(image))).isEqualTo(ErrorCode.IMAGE_NAME_TAKEN);
        assertThat(refusal(once.registerImage(RunningApi.image("other")))).isEqualTo(ErrorCode.IDEMPOTENCY_CONFLICT);
        new World(api);
        JsonObject rehearsed = RunningApi.get(client(api.superKey).rehearseImage(RunningApi.image("rehearsed")));
        assertThat(rehearsed.encode()).contains(RunningApi.SEEN.text());
        assertThat(refusal(client(api.superKey).image("rehearsed"))).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
    }

    @Test
    void filesPassWholeAndHalfOnesAreNone() {
        World world = new World(api);
        ScaiBunkerClient all = client(api.superKey);
        JsonObject at = new JsonObject().put("path", "/a file&b");
        Parts sent = new Parts(300, 30_000);
        assertThat(RunningApi.get(all.writeFile(world.bunker, at, sent)))
                .isEqualTo(new JsonObject().put("path", "/a file&b").put("size", 9_000_000));
        Kept got = new Kept();
        assertThat(RunningApi.get(all.readFile(world.bunker, at, got)))
                .isEqualTo(new JsonObject().put("path", "/a file&b").put("mode", "600"));
        assertThat(got.ended).isTrue();
        assertThat(got.bytes).isEqualTo(sent.whole());

        int cancelled = FakeBunker.CANCELLED.get();
        JsonObject half = new JsonObject().put("path", "/half");
        Parts broken = new Parts(3, 30_000).breaking();
        assertThat(catchThrowable(() -> RunningApi.get(all.writeFile(world.bunker, half, broken))))
                .hasRootCauseMessage("there is no more");
        eventually(() -> assertThat(FakeBunker.CANCELLED.get()).isGreaterThan(cancelled));
        assertThat(refusal(all.readFile(world.bunker, half, new Kept()))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(refusal(all.readFile(world.bunker, new JsonObject().put("path", "relative"), new Kept())))
                .isEqualTo(ErrorCode.VALIDATION_ERROR);
    }

    @Test
    void aCommandIsToldWhileItRunsAndEndsWithItsCaller() {
        World world = new World(api);
        ScaiBunkerClient all = client(api.superKey);
        Said said = new Said();
        JsonObject command = new JsonObject().put("command", List.of("say", "it\n\nlike \"this\""));
        assertThat(RunningApi.get(all.execStreaming(world.bunker, command, said).end()))
                .isEqualTo(new JsonObject()
                        .put("exit_code", 0)
                        .putNull("signal")
                        .put("timed_out", false)
                        .put("duration_ms", 5));
        assertThat(said.text)
                .asString()
                .startsWith("out:say it\n\nlike \"this\"")
                .contains("err:as ");

        int cancelled = FakeBunker.CANCELLED.get();
        JsonObject endless = new JsonObject().put("command", List.of("wait"));
        RunningCommand running = all.execStreaming(world.bunker, endless, said);
        RunningApi.get(running.begun());
        running.close();
        assertThat(refusal(running.end())).isEqualTo(ErrorCode.CANCELLED);
        eventually(() -> assertThat(FakeBunker.CANCELLED.get()).isEqualTo(cancelled + 1));
    }

    @Test
    void aTerminalEchoesAndChangesItsSize() {
        World world = new World(api);
        StringBuffer said = new StringBuffer();
        JsonObject query = new JsonObject().put("program", "echo").put("cols", 100);
        BunkerShell shell =
                RunningApi.get(client(api.superKey).shell(world.bunker, query, bytes -> said.append(bytes)));
        RunningApi.get(shell.write(Buffer.buffer("hello ")));
        eventually(() -> assertThat(said).asString().isEqualTo("hello "));
        RunningApi.get(shell.resize(132, 50));
        eventually(() -> assertThat(said).asString().isEqualTo("hello 132x50"));
        int cancelled = FakeBunker.CANCELLED.get();
        shell.close();
        eventually(() -> assertThat(FakeBunker.CANCELLED.get()).isEqualTo(cancelled + 1));
    }

    @Test
    void whereBytesFlowPermissionsAndTenantsAreTheSame() {
        World world = new World(api);
        JsonObject at = new JsonObject().put("path", "/file");
        JsonObject command = new JsonObject().put("command", "true");
        String tenant = api.tenant("afar" + world.number, "afar");
        ScaiBunkerClient stranger = client(api.key(tenant, "tenant_user"));
        assertThat(refusal(stranger.readFile(world.bunker, at, new Kept()))).isEqualTo(ErrorCode.BUNKER_NOT_FOUND);
        assertThat(refusal(stranger.writeFile(world.bunker, at, new Parts(9, 9_999))))
                .isEqualTo(ErrorCode.BUNKER_NOT_FOUND);
        assertThat(refusal(stranger.execStreaming(world.bunker, command, new Said())
                        .end()))
                .isEqualTo(ErrorCode.BUNKER_NOT_FOUND);
        assertThat(refusal(stranger.shell(world.bunker, new JsonObject(), bytes -> {})))
                .isEqualTo(ErrorCode.BUNKER_NOT_FOUND);

        ScaiBunkerClient viewer = client(api.key(tenant, "tenant_viewer"));
        assertThat(refusal(viewer.readFile(world.bunker, at, new Kept()))).isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(viewer.writeFile(world.bunker, at, new Parts(9, 9_999))))
                .isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(
                        viewer.execStreaming(world.bunker, command, new Said()).end()))
                .isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(viewer.shell(world.bunker, new JsonObject(), bytes -> {})))
                .isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(client("sgk_no").shell(world.bunker, new JsonObject(), bytes -> {})))
                .isEqualTo(ErrorCode.AUTH_TOKEN_INVALID);
    }

    @Test
    void aRevokedKeyEndsAWatchByBus() {
        String admin = api.key(api.tenant("revoked-by-bus", "revoked-by-bus"), "tenant_admin");
        List<Event> told = new CopyOnWriteArrayList<>();
        String image = api.register("revoked-by-bus", admin);
        try (EventWatch watch = client(admin).watchImage(image, told::add)) {
            RunningApi.get(watch.begun());
            eventually(() -> assertThat(told).hasSize(1));
            String key = RunningApi.get(client(admin).apiKeys(new JsonObject()))
                    .rows()
                    .getFirst()
                    .getString("id");
            RunningApi.get(client(admin).revokeApiKey(key));
            eventually(() -> assertThat(told.getLast().event()).isEqualTo("end"));
            assertThat(told.getLast().data().getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
        }
    }

    /** What a command said, both ways in one. */
    private static final class Said implements CommandOutput {
        final StringBuffer text = new StringBuffer();

        @Override
        public void stdout(String part) {
            text.append("out:").append(part);
        }

        @Override
        public void stderr(String part) {
            text.append("err:").append(part);
        }
    }

    /** Bytes that are handed out in parts, when asked for. */
    private static final class Parts implements ReadStream<Buffer> {
        private final int count;
        private final int size;
        private int given;
        private boolean paused;
        private boolean breaks;
        private Handler<Buffer> handler = part -> {};
        private Handler<Throwable> failed = thrown -> {};
        private Handler<Void> end = over -> {};

        Parts(int count, int size) {
            this.count = count;
            this.size = size;
        }

        Parts breaking() {
            breaks = true;
            return this;
        }

        Buffer whole() {
            Buffer whole = Buffer.buffer();
            for (int i = 0; i < count; i++) {
                whole.appendBuffer(part(i));
            }
            return whole;
        }

        private Buffer part(int number) {
            byte[] bytes = new byte[size];
            Arrays.fill(bytes, (byte) number);
            return Buffer.buffer(bytes);
        }

        private void hand() {
            while (!paused && given < count) {
                handler.handle(part(given++));
            }
            if (!paused && given == count) {
                given++;
                if (breaks) {
                    failed.handle(new IllegalStateException("there is no more"));
                } else {
                    end.handle(null);
                }
            }
        }

        @Override
        public Parts exceptionHandler(Handler<Throwable> told) {
            failed = told == null ? thrown -> {} : told;
            return this;
        }

        @Override
        public Parts handler(Handler<Buffer> taker) {
            handler = taker == null ? part -> {} : taker;
            return this;
        }

        @Override
        public Parts pause() {
            paused = true;
            return this;
        }

        @Override
        public Parts resume() {
            paused = false;
            hand();
            return this;
        }

        @Override
        public Parts fetch(long amount) {
            return resume();
        }

        @Override
        public Parts endHandler(Handler<Void> told) {
            end = told == null ? over -> {} : told;
            return this;
        }
    }

    /** Keeps what is written. */
    private static final class Kept implements WriteStream<Buffer> {
        final Buffer bytes = Buffer.buffer();
        boolean ended;

        @Override
        public Kept exceptionHandler(Handler<Throwable> told) {
            return this;
        }

        @Override
        public Future<Void> write(Buffer part) {
            bytes.appendBuffer(part);
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> end() {
            ended = true;
            return Future.succeededFuture();
        }

        @Override
        public Kept setWriteQueueMaxSize(int size) {
            return this;
        }

        @Override
        public boolean writeQueueFull() {
            return false;
        }

        @Override
        public Kept drainHandler(Handler<Void> drained) {
            return this;
        }
    }
}
