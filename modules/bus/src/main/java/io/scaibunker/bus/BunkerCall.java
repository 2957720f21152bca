package io.scaibunker.bus;

import com.google.protobuf.ByteString;
import io.scaibunker.bus.ExecCommand.TerminalSize;
import io.scaibunker.bus.proto.ExecExit;
import io.scaibunker.bus.proto.ExecIn;
import io.scaibunker.bus.proto.ExecOut;
import io.scaibunker.bus.proto.Terminal;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Something under way in a bunker. Lives on the event loop that opened it. */
final class BunkerCall implements LiveCall {
    private final GrpcClientRequest<ExecIn, ExecOut> request;
    private final Promise<ExecEnd> end = Promise.promise();
    private @Nullable GrpcClientResponse<ExecIn, ExecOut> response;
    private boolean paused;

    BunkerCall(GrpcClientRequest<ExecIn, ExecOut> request, ExecOutput output) {
        this.request = request;
        request.exceptionHandler(this::broken);
        request.response().onFailure(this::broken).onSuccess(begun -> receive(begun, output));
        end.future().onSuccess(over -> request.end()).onFailure(failed -> request.cancel());
    }

    private void receive(GrpcClientResponse<ExecIn, ExecOut> begun, ExecOutput output) {
        response = begun;
        if (paused) {
            begun.pause();
        }
        // A stream that the worker resets is an error; a connection that breaks, an exception.
        begun.errorHandler(reset -> broken(new IllegalStateException("the worker reset the call: " + reset)));
        begun.exceptionHandler(this::broken);
        begun.handler(part -> {
            if (end.future().failed()) {
                return;
            }
            try {
                take(part, output);
            } catch (RuntimeException notTaken) {
                // Who takes the output finds it wrong: nobody waits for the rest.
                end.tryFail(notTaken);
            }
        });
        begun.endHandler(over -> end.tryFail(refused(begun.status(), begun.statusMessage())));
    }

    private void take(ExecOut part, ExecOutput output) {
        switch (part.getPartCase()) {
            case STDOUT -> output.stdout(Buffer.buffer(part.getStdout().toByteArray()));
            case STDERR -> output.stderr(Buffer.buffer(part.getStderr().toByteArray()));
            case EXIT -> end.tryComplete(ended(part.getExit()));
            case PART_NOT_SET ->
                end.tryFail(new PlatformException(ErrorCode.INTERNAL, "the worker sent something unknown"));
        }
    }

    private void broken(Throwable thrown) {
        end.tryFail(PlatformException.unavailable("the worker", thrown));
    }

    private static ExecEnd ended(ExecExit exit) {
        return new ExecEnd(
                exit.getExitCode(),
                exit.getSignal(),
                exit.getTimedOut(),
                Duration.ofMillis(exit.getDurationMs()),
                exit.getNotStarted());
    }

    private static PlatformException refused(GrpcStatus status, @Nullable String message) {
        String text = message == null ? "" : message;
        return switch (status) {
            case FAILED_PRECONDITION -> new PlatformException(ErrorCode.WRONG_STATE, text);
            case NOT_FOUND -> new PlatformException(ErrorCode.BUNKER_NOT_FOUND, text);
            case INVALID_ARGUMENT -> PlatformException.invalid("command", text);
            case RESOURCE_EXHAUSTED -> new PlatformException(ErrorCode.BUNKER_BUSY, text);
            case UNAVAILABLE -> PlatformException.unavailable("the worker", null);
            default -> new PlatformException(ErrorCode.INTERNAL, "the worker answered " + status + " " + text);
        };
    }

    @Override
    public Future<ExecEnd> end() {
        return end.future();
    }

    @Override
    public void write(Buffer bytes) {
        for (int from = 0; from < bytes.length() && !end.future().isComplete(); from += ExecMethod.CHUNK_MAX) {
            int to = Math.min(bytes.length(), from + ExecMethod.CHUNK_MAX);
            send(ExecIn.newBuilder().setStdin(ByteString.copyFrom(bytes.getBytes(from, to))));
        }
    }

    @Override
    public boolean isFull() {
        return request.writeQueueFull();
    }

    @Override
    public void onDrain(Runnable look) {
        request.drainHandler(drained -> look.run());
    }

    @Override
    public void finishInput() {
        send(ExecIn.newBuilder().setStdinEnd(true));
    }

    @Override
    public void resize(TerminalSize size) {
        send(ExecIn.newBuilder().setResize(terminal(size)));
    }

    static Terminal terminal(TerminalSize size) {
        return Terminal.newBuilder()
                .setColumns(size.columns())
                .setRows(size.rows())
                .build();
    }

    private void send(ExecIn.Builder part) {
        if (!end.future().isComplete()) {
            request.write(part.build()).onFailure(this::broken);
        }
    }

    @Override
    public void pause() {
        paused = true;
        if (response != null) {
            response.pause();
        }
    }

    @Override
    public void resume() {
        paused = false;
        if (response != null) {
            response.resume();
        }
    }

    @Override
    public void cancel(PlatformException why) {
        end.tryFail(why);
    }
}
