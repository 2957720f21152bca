package io.scaibunker.bus;

import com.google.protobuf.ByteString;
import io.scaibunker.bus.proto.ExecExit;
import io.scaibunker.bus.proto.ExecIn;
import io.scaibunker.bus.proto.ExecOut;
import io.scaibunker.bus.proto.ExecStart;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;

/** Live talk with the bunkers of any worker, over gRPC. */
public final class BunkerAccessClient {
    /** What the command's own time does not cover: the way there, and killing it. */
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final GrpcClient client;
    private final Secret token;

    /**
     * A command under way.
     *
     * @param end how it ended, or a {@link PlatformException}
     * @param cancel kills the command; for a caller that went away
     */
    public record Call(Future<ExecEnd> end, Runnable cancel) {}

    public BunkerAccessClient(Vertx vertx, Secret joinToken, Duration connectTimeout) {
        this.client = GrpcClient.client(
                vertx,
                new GrpcClientOptions().setMaxMessageSize(4L * ExecMethod.CHUNK_MAX),
                new HttpClientOptions().setConnectTimeout((int) connectTimeout.toMillis()));
        this.token = joinToken;
    }

    /**
     * Runs a command.
     *
     * @param worker {@code host:port}, as the worker's row has it
     */
    public Call exec(String worker, ExecCommand command, ExecOutput output) {
        Promise<ExecEnd> end = Promise.promise();
        Future<GrpcClientRequest<ExecIn, ExecOut>> opened = client.request(address(worker), ExecMethod.CLIENT);
        opened.onFailure(thrown -> end.tryFail(PlatformException.unavailable("the worker", thrown)))
                .onSuccess(request -> send(request, command, output, end));
        return new Call(end.future(), () -> opened.onSuccess(GrpcClientRequest::cancel));
    }

    static SocketAddress address(String worker) {
        int colon = worker.lastIndexOf(':');
        return SocketAddress.inetSocketAddress(
                Integer.parseInt(worker.substring(colon + 1)), worker.substring(0, colon));
    }

    private void send(
            GrpcClientRequest<ExecIn, ExecOut> request, ExecCommand command, ExecOutput output, Promise<ExecEnd> end) {
        request.headers().set(ExecMethod.TOKEN_KEY, token.reveal());
        request.idleTimeout(command.timeout().plus(GRACE).toMillis());
        request.exceptionHandler(thrown -> end.tryFail(PlatformException.unavailable("the worker", thrown)));
        request.response()
                .onFailure(thrown -> end.tryFail(PlatformException.unavailable("the worker", thrown)))
                .onSuccess(response -> receive(response, output, end));
        request.write(ExecIn.newBuilder().setStart(start(command)).build());
        for (int from = 0; from < command.stdin().length; from += ExecMethod.CHUNK_MAX) {
            int length = Math.min(ExecMethod.CHUNK_MAX, command.stdin().length - from);
            request.write(ExecIn.newBuilder()
                    .setStdin(ByteString.copyFrom(command.stdin(), from, length))
                    .build());
        }
        request.end(ExecIn.newBuilder().setStdinEnd(true).build());
    }

    private static ExecStart start(ExecCommand command) {
        return ExecStart.newBuilder()
                .setBunkerId(command.bunkerId().toString())
                .addAllArgv(command.argv())
                .putAllEnvironment(command.environment())
                .setCwd(command.cwd())
                .setUser(command.user())
                .setTimeoutMs(command.timeout().toMillis())
                .build();
    }

    private static void receive(GrpcClientResponse<ExecIn, ExecOut> response, ExecOutput output, Promise<ExecEnd> end) {
        response.exceptionHandler(thrown -> end.tryFail(PlatformException.unavailable("the worker", thrown)));
        response.handler(part -> {
            switch (part.getPartCase()) {
                case STDOUT -> output.stdout(Buffer.buffer(part.getStdout().toByteArray()));
                case STDERR -> output.stderr(Buffer.buffer(part.getStderr().toByteArray()));
                case EXIT -> end.tryComplete(ended(part.getExit()));
                case PART_NOT_SET ->
                    end.tryFail(new PlatformException(ErrorCode.INTERNAL, "the worker sent something unknown"));
            }
        });
        response.endHandler(over -> end.tryFail(refused(response.status(), response.statusMessage())));
    }

    private static ExecEnd ended(ExecExit exit) {
        return new ExecEnd(
                exit.getExitCode(),
                exit.getSignal(),
                exit.getTimedOut(),
                Duration.ofMillis(exit.getDurationMs()),
                exit.getNotStarted());
    }

    private static PlatformException refused(GrpcStatus status, String message) {
        String text = message == null ? "" : message;
        return switch (status) {
            case FAILED_PRECONDITION -> new PlatformException(ErrorCode.WRONG_STATE, text);
            case NOT_FOUND -> new PlatformException(ErrorCode.BUNKER_NOT_FOUND, text);
            case INVALID_ARGUMENT -> PlatformException.invalid("command", text);
            case UNAVAILABLE -> PlatformException.unavailable("the worker", null);
            default -> new PlatformException(ErrorCode.INTERNAL, "the worker answered " + status + " " + text);
        };
    }

    public Future<Void> close() {
        return client.close();
    }
}
