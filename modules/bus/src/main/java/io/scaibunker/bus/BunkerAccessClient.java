package io.scaibunker.bus;

import io.scaibunker.bus.proto.ExecIn;
import io.scaibunker.bus.proto.ExecStart;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import java.time.Duration;

/** Live talk with the bunkers of any worker, over gRPC. */
public final class BunkerAccessClient {
    /** What the command's own time does not cover: the way there, and killing it. */
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final GrpcClient client;
    private final Secret token;

    public BunkerAccessClient(Vertx vertx, FleetPass pass, Duration connectTimeout) {
        this.client = GrpcClient.client(
                vertx,
                new GrpcClientOptions().setMaxMessageSize(4L * ExecMethod.CHUNK_MAX),
                pass.client().setConnectTimeout((int) connectTimeout.toMillis()));
        this.token = pass.token();
    }

    /**
     * Begins something in a bunker. Its input has to be finished, also where there is none.
     *
     * @param worker {@code host:port}, as the worker's row has it
     */
    public Future<LiveCall> open(String worker, ExecCommand command, ExecOutput output) {
        return client.request(address(worker), ExecMethod.CLIENT)
                .recover(thrown -> Future.failedFuture(PlatformException.unavailable("the worker", thrown)))
                .map(request -> {
                    request.headers().set(FleetPass.TOKEN_KEY, token.reveal());
                    request.idleTimeout(command.timeout().plus(GRACE).toMillis());
                    BunkerCall call = new BunkerCall(request, output);
                    request.write(ExecIn.newBuilder().setStart(start(command)).build());
                    return call;
                });
    }

    static SocketAddress address(String worker) {
        int colon = worker.lastIndexOf(':');
        return SocketAddress.inetSocketAddress(
                Integer.parseInt(worker.substring(colon + 1)), worker.substring(0, colon));
    }

    private static ExecStart start(ExecCommand command) {
        ExecStart.Builder start = ExecStart.newBuilder()
                .setBunkerId(command.bunkerId().toString())
                .addAllArgv(command.argv())
                .putAllEnvironment(command.environment())
                .setCwd(command.cwd())
                .setUser(command.user())
                .setTimeoutMs(command.timeout().toMillis())
                .setFileWork(command.kind() == ExecCommand.Kind.FILE_WORK)
                .setConsole(command.kind() == ExecCommand.Kind.CONSOLE);
        if (command.terminal() != null) {
            start.setTerminal(BunkerCall.terminal(command.terminal()));
        }
        return start.build();
    }

    public Future<Void> close() {
        return client.close();
    }
}
