package io.scaibunker.worker;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.BunkerAccessClient;
import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.guest.ExecHandle;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Secret;
import io.scaibunker.worker.BunkerPlan.Here;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both ends of a live call, over a real connection; the bunker's machine is none. */
class ExecServerTest {
    private static final FleetPass PASS = FleetPass.of(new Secret("token"));
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final byte[] BLOCK = new byte[64 << 10];

    private final Vertx vertx = Vertx.vertx();
    private final Bench bench = new Bench(vertx, 1, 1, 1);
    private final FakeMachine machine = new FakeMachine();
    private final LastConsoles consoles = new LastConsoles();
    private final BunkerAccessClient client = new BunkerAccessClient(vertx, PASS, Duration.ofSeconds(5));
    private final AtomicLong heard = new AtomicLong();
    private final ExecOutput output = new ExecOutput() {
        @Override
        public void stdout(Buffer bytes) {
            heard.addAndGet(bytes.length());
        }

        @Override
        public void stderr(Buffer bytes) {}
    };
    private Bunker bunker;
    private HttpServer server;

    @BeforeEach
    void open() throws Exception {
        bunker = new Bunker(BunkerTest.wanted(RestartPolicy.NEVER));
        bunker.spawned(machine);
        bunker.moved(Here.RUNNING);
        GrpcServer grpc = GrpcServer.server(vertx);
        new ExecServer(
                        vertx,
                        new ExecServer.Bunkers() {
                            @Override
                            public Optional<Bunker> find(BunkerId id) {
                                return Optional.of(bunker).filter(it -> it.id().equals(id));
                            }

                            @Override
                            public Optional<String> lastConsole(BunkerId id) {
                                return consoles.of(id);
                            }
                        },
                        bench,
                        new Membership(PASS))
                .enrol(grpc);
        server = vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(0).setHttp2ClearTextEnabled(true))
                .requestHandler(grpc);
        server.listen().await();
    }

    @AfterEach
    void close() throws Exception {
        client.close().await();
        vertx.close().await();
        bench.close(Duration.ofSeconds(1));
    }

    private LiveCall call(ExecCommand command) {
        return client.open("127.0.0.1:" + server.actualPort(), command, output).await();
    }

    private ExecCommand command(ExecCommand.TerminalSize terminal) {
        return new ExecCommand(bunker.id(), ExecCommand.Kind.COMMAND, List.of("x"), Map.of(), "", "", LONG, terminal);
    }

    @Test
    void aBunkerWithoutTimeForItsAgentIsBusyAndNotItsWorkerAway() {
        assertThat(ExecServer.statusOf(new TimeoutException())).isEqualTo(GrpcStatus.RESOURCE_EXHAUSTED);
        assertThat(ExecServer.statusOf(new ExecutionException(new IOException("the line broke"))))
                .isEqualTo(GrpcStatus.UNAVAILABLE);
    }

    @Test
    void aCallThatIsGivenUpEndsItsCommandWhileTheConnectionStands() throws Exception {
        LiveCall given = call(command(null));
        LiveCall kept = call(command(null));
        FakeMachine.Command first = machine.nextCommand();
        FakeMachine.Command second = machine.nextCommand();
        given.cancel();
        assertThat(first.nextSignal()).isEqualTo(ExecHandle.KILL);
        assertThat(second.end).isNotDone();
        assertThat(kept.end().isComplete()).isFalse();
    }

    @Test
    void aTerminalThatIsGivenUpHangsUp() throws Exception {
        LiveCall call = call(command(new ExecCommand.TerminalSize(80, 24)));
        FakeMachine.Command command = machine.nextCommand();
        call.cancel();
        assertThat(command.nextSignal()).isEqualTo(ExecHandle.HANG_UP);
    }

    @Test
    void outputThatNobodyTakesAnyMoreHoldsUpNobody() throws Exception {
        LiveCall call = call(command(null));
        FakeMachine.Command command = machine.nextCommand();
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> flood = flood(command, over);
        eventually(() -> assertThat(heard).hasPositiveValue());
        call.pause();
        call.cancel();
        assertThat(command.nextSignal()).isEqualTo(ExecHandle.KILL);
        over.set(true);
        flood.get(10, TimeUnit.SECONDS);
    }

    @Test
    void whoIsToldThatTheBunkerIsGoneHoldsUpNobodyEither() throws Exception {
        LiveCall call = call(command(null));
        FakeMachine.Command command = machine.nextCommand();
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> flood = flood(command, over);
        eventually(() -> assertThat(heard).hasPositiveValue());
        command.end.completeExceptionally(new IOException("the line broke"));
        assertThatThrownBy(() -> ended(call))
                .isInstanceOfSatisfying(
                        PlatformException.class,
                        told -> assertThat(told.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
        over.set(true);
        flood.get(10, TimeUnit.SECONDS);
        for (int more = 0; more < 100; more++) {
            command.sink.stdout(BLOCK);
        }
    }

    private static CompletableFuture<Void> flood(FakeMachine.Command command, AtomicBoolean over) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            while (!over.get()) {
                command.sink.stdout(BLOCK);
            }
            ended.complete(null);
        });
        return ended;
    }

    private static void ended(LiveCall call) {
        call.end().timeout(10, TimeUnit.SECONDS).await();
    }

    @Test
    void workWithAFileIsUse() throws Exception {
        bunker.idleSince(Instant.now().minusSeconds(100_000));
        assertThat(bunker.seen().unused()).isTrue();
        LiveCall call = call(ExecCommand.file(bunker.id(), "get", "/x", "", LONG));
        FakeMachine.Command command = machine.nextCommand();
        assertThat(command.request.fileWork()).isTrue();
        eventually(() -> assertThat(bunker.seen().idleSince()).isNull());
        assertThat(bunker.seen().unused()).isFalse();
        command.signal(ExecHandle.TERMINATE);
        ended(call);
        assertThat(bunker.seen().unused()).isFalse();
    }

    @Test
    void theConsoleOfOneThatIsOverIsToldForSomeTime() {
        BunkerId over = BunkerId.fresh();
        consoles.keep(over, "Kernel panic");
        ended(call(ExecCommand.console(over, Duration.ofSeconds(5))));
        assertThat(heard).hasValue("Kernel panic".length());
        Future<?> unknown = call(ExecCommand.console(BunkerId.fresh(), Duration.ofSeconds(5)))
                .end();
        assertThatThrownBy(() -> unknown.timeout(10, TimeUnit.SECONDS).await())
                .isInstanceOfSatisfying(
                        PlatformException.class, told -> assertThat(told.code()).isEqualTo(ErrorCode.BUNKER_NOT_FOUND));
    }
}
