package io.scaibunker.bus;

import io.scaibunker.bus.proto.InventoryPart;
import io.scaibunker.bus.proto.InventoryWanted;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;

/** The call {@code Read} of {@code inventory.proto}, seen from both ends. */
public final class InventoryMethod {
    /** The most bytes in one message. */
    public static final int CHUNK_MAX = 64 * 1024;

    private static final ServiceName SERVICE = ServiceName.create("scaibunker.worker.v1", "Inventories");

    public static final ServiceMethod<InventoryPart, InventoryWanted> CLIENT = ServiceMethod.client(
            SERVICE, "Read", GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(InventoryPart.newBuilder()));

    public static final ServiceMethod<InventoryWanted, InventoryPart> SERVER = ServiceMethod.server(
            SERVICE, "Read", GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(InventoryWanted.newBuilder()));

    private InventoryMethod() {}
}
