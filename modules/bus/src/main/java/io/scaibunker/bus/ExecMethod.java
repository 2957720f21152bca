package io.scaibunker.bus;

import io.scaibunker.bus.proto.ExecIn;
import io.scaibunker.bus.proto.ExecOut;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;

/** The call {@code Exec} of {@code worker.proto}, seen from both ends. */
public final class ExecMethod {
    /** The most bytes of stdin or output in one message. */
    public static final int CHUNK_MAX = 64 * 1024;

    private static final ServiceName SERVICE = ServiceName.create("scaibunker.worker.v1", "BunkerAccess");

    public static final ServiceMethod<ExecOut, ExecIn> CLIENT = ServiceMethod.client(
            SERVICE, "Exec", GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(ExecOut.newBuilder()));

    public static final ServiceMethod<ExecIn, ExecOut> SERVER = ServiceMethod.server(
            SERVICE, "Exec", GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(ExecIn.newBuilder()));

    private ExecMethod() {}
}
