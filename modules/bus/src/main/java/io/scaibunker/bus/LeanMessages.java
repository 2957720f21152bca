package io.scaibunker.bus;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.CodecException;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.WireFormat;
import java.io.IOException;
import java.io.OutputStream;

/**
 * The same words on the wire as gRPC's own reader and writer of messages, with fewer copies of what is large in them: one
 * each way instead of three. In protobuf alone, not in JSON.
 */
final class LeanMessages {
    /** What the small fields around a large one are gathered in. */
    private static final int GATHERED = 64;

    private LeanMessages() {}

    static <T extends MessageLite> GrpcMessageEncoder<T> encoder() {
        return new GrpcMessageEncoder<>() {
            @Override
            public GrpcMessage encode(T message, WireFormat format) throws CodecException {
                Buffer payload = Buffer.buffer(message.getSerializedSize());
                try {
                    CodedOutputStream out = CodedOutputStream.newInstance(appendingTo(payload), GATHERED);
                    message.writeTo(out);
                    out.flush();
                } catch (IOException never) {
                    throw new CodecException(never);
                }
                return GrpcMessage.message("identity", payload);
            }

            @Override
            public boolean accepts(WireFormat format) {
                return format == WireFormat.PROTOBUF;
            }
        };
    }

    private static OutputStream appendingTo(Buffer buffer) {
        return new OutputStream() {
            @Override
            public void write(int single) {
                buffer.appendByte((byte) single);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                buffer.appendBytes(bytes, offset, length);
            }
        };
    }

    static <T extends MessageLite> GrpcMessageDecoder<T> decoder(Parser<T> parser) {
        return new GrpcMessageDecoder<>() {
            @Override
            public T decode(GrpcMessage message) throws CodecException {
                // The copy is nobody's but the message's, so its fields may be parts of it.
                ByteString whole =
                        UnsafeByteOperations.unsafeWrap(message.payload().getBytes());
                CodedInputStream in = whole.newCodedInput();
                in.enableAliasing(true);
                try {
                    T read = parser.parseFrom(in);
                    in.checkLastTagWas(0);
                    return read;
                } catch (InvalidProtocolBufferException e) {
                    throw new CodecException(e);
                }
            }

            @Override
            public boolean accepts(WireFormat format) {
                return format == WireFormat.PROTOBUF;
            }
        };
    }
}
