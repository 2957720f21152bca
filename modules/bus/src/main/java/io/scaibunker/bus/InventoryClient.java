package io.scaibunker.bus;

import io.scaibunker.bus.proto.InventoryPart;
import io.scaibunker.bus.proto.InventoryWanted;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Asks workers what the artifacts hold that they have copies of. */
public final class InventoryClient {
    /** Far more than the largest image's. */
    private static final int LARGEST = 32 << 20;

    private final GrpcClient client;
    private final Secret token;
    private final Duration timeout;

    /** @param timeout for all of one answer, which the worker may have to make first */
    public InventoryClient(Vertx vertx, FleetPass pass, Duration connectTimeout, Duration timeout) {
        this.client = GrpcClient.client(
                vertx,
                new GrpcClientOptions().setMaxMessageSize(4L * InventoryMethod.CHUNK_MAX),
                pass.client().setConnectTimeout((int) connectTimeout.toMillis()));
        this.token = pass.token();
        this.timeout = timeout;
    }

    /**
     * What an artifact holds, packed.
     *
     * @param worker {@code host:port}, as the worker's row has it
     * @return a failure with {@link ErrorCode#SERVICE_UNAVAILABLE} if this worker cannot tell
     */
    public Future<byte[]> read(String worker, Digest artifact) {
        Promise<byte[]> whole = Promise.promise();
        Future<GrpcClientRequest<InventoryWanted, InventoryPart>> opened =
                client.request(BunkerAccessClient.address(worker), InventoryMethod.CLIENT);
        opened.onFailure(thrown -> whole.tryFail(unavailable(thrown))).onSuccess(request -> {
            request.headers().set(FleetPass.TOKEN_KEY, token.reveal());
            request.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
            request.response()
                    .onFailure(thrown -> whole.tryFail(unavailable(thrown)))
                    .onSuccess(response -> receive(response, whole));
            request.end(InventoryWanted.newBuilder()
                    .setArtifactDigest(artifact.text())
                    .build());
            whole.future().onFailure(given -> request.cancel());
        });
        return whole.future();
    }

    private static void receive(GrpcClientResponse<InventoryWanted, InventoryPart> response, Promise<byte[]> whole) {
        Buffer content = Buffer.buffer();
        response.exceptionHandler(thrown -> whole.tryFail(unavailable(thrown)));
        response.handler(part -> {
            if (content.length() + part.getContent().size() > LARGEST) {
                whole.tryFail(new PlatformException(ErrorCode.SERVICE_UNAVAILABLE, "an inventory beyond all bounds"));
            } else {
                content.appendBytes(part.getContent().toByteArray());
            }
        });
        response.endHandler(over -> {
            if (response.status() == GrpcStatus.OK) {
                whole.tryComplete(content.getBytes());
            } else {
                whole.tryFail(new PlatformException(
                        ErrorCode.SERVICE_UNAVAILABLE,
                        "the worker answered " + response.status() + " " + response.statusMessage()));
            }
        });
    }

    private static PlatformException unavailable(Throwable thrown) {
        return PlatformException.unavailable("the worker", thrown);
    }

    public Future<Void> close() {
        return client.close();
    }
}
