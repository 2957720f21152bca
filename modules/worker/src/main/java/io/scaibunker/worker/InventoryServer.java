package io.scaibunker.worker;

import com.google.protobuf.ByteString;
import io.scaibunker.bus.InventoryMethod;
import io.scaibunker.bus.proto.InventoryPart;
import io.scaibunker.bus.proto.InventoryWanted;
import io.scaibunker.model.Digest;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves {@code Read} of {@code inventory.proto} to members of the fleet. */
final class InventoryServer {
    private static final Logger LOG = LoggerFactory.getLogger(InventoryServer.class);

    private final Inventories inventories;
    private final Bench bench;
    private final Membership membership;

    InventoryServer(Inventories inventories, Bench bench, Membership membership) {
        this.inventories = inventories;
        this.bench = bench;
        this.membership = membership;
    }

    void enrol(GrpcServer server) {
        server.callHandler(InventoryMethod.SERVER, this::accept);
    }

    private void accept(GrpcServerRequest<InventoryWanted, InventoryPart> request) {
        if (!membership.isMember(request)) {
            refuse(request, GrpcStatus.UNAUTHENTICATED, "not a member of this fleet");
            return;
        }
        request.handler(wanted -> {
            try {
                answer(request, new Digest(wanted.getArtifactDigest()));
            } catch (IllegalArgumentException e) {
                refuse(request, GrpcStatus.INVALID_ARGUMENT, "not a digest");
            }
        });
    }

    private void answer(GrpcServerRequest<InventoryWanted, InventoryPart> request, Digest artifact) {
        bench.await(() -> inventories.read(artifact))
                .onFailure(thrown -> {
                    LOG.warn("the inventory of {} cannot be made", artifact, thrown);
                    refuse(request, GrpcStatus.INTERNAL, "the copy cannot be read");
                })
                .onSuccess(packed -> {
                    if (packed.isPresent()) {
                        send(request, packed.get(), 0);
                    } else {
                        refuse(request, GrpcStatus.NOT_FOUND, artifact + " is not on this worker");
                    }
                });
    }

    /** Each part when the one before is on its way. */
    private static Future<Void> send(
            GrpcServerRequest<InventoryWanted, InventoryPart> request, byte[] packed, int from) {
        int length = Math.min(InventoryMethod.CHUNK_MAX, packed.length - from);
        InventoryPart part = InventoryPart.newBuilder()
                .setContent(ByteString.copyFrom(packed, from, length))
                .build();
        return from + length == packed.length
                ? request.response().end(part)
                : request.response().write(part).compose(written -> send(request, packed, from + length));
    }

    private static void refuse(
            GrpcServerRequest<InventoryWanted, InventoryPart> request, GrpcStatus status, String text) {
        request.response().status(status).statusMessage(text).end();
    }
}
