package io.scaibunker.bus;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Carries every {@link BusMessage}: the length of the type's name (one byte), the name, the length of the JSON (four
 * bytes), the JSON.
 */
public final class BusCodec implements MessageCodec<BusMessage, BusMessage> {
    /** The largest message, in bytes; beyond it small requests on the same connection begin to wait. */
    public static final int BYTES_MAX = 64 * 1024;

    private static final String NAME = "scaibunker-1";
    private static final Map<String, Class<?>> TYPES = types();

    /** Registers the codec; once a node, before its first consumer. */
    public static void install(EventBus bus) {
        bus.registerCodec(new BusCodec());
        bus.codecSelector(body -> body instanceof BusMessage ? NAME : null);
    }

    /** Every message type by its simple name. */
    static Map<String, Class<?>> types() {
        Map<String, Class<?>> types = new TreeMap<>();
        leaves(BusMessage.class).forEach(type -> types.put(type.getSimpleName(), type));
        return types;
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(BusCodec::leaves)
                : Stream.of(type);
    }

    @Override
    public void encodeToWire(Buffer buffer, BusMessage message) {
        byte[] name = message.getClass().getSimpleName().getBytes(StandardCharsets.US_ASCII);
        byte[] json = json(message);
        if (json.length > BYTES_MAX) {
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " is " + json.length
                    + " bytes (expected: at most " + BYTES_MAX + ")");
        }
        buffer.appendByte((byte) name.length)
                .appendBytes(name)
                .appendInt(json.length)
                .appendBytes(json);
    }

    @Override
    public BusMessage decodeFromWire(int position, Buffer buffer) {
        int nameLength = buffer.getByte(position);
        String name = buffer.getString(position + 1, position + 1 + nameLength, StandardCharsets.US_ASCII.name());
        int start = position + 1 + nameLength + 4;
        int length = buffer.getInt(start - 4);
        Class<?> type = TYPES.get(name);
        if (type == null || length < 0 || length > BYTES_MAX) {
            throw new IllegalArgumentException("message " + name + " of " + length + " bytes is not known here");
        }
        try {
            return (BusMessage) BusJson.MAPPER.readValue(buffer.getBytes(start, start + length), type);
        } catch (IOException e) {
            throw new IllegalArgumentException("message " + name + " cannot be read", e);
        }
    }

    private static byte[] json(BusMessage message) {
        try {
            return BusJson.MAPPER.writeValueAsBytes(message);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " cannot be written", e);
        }
    }

    @Override
    public BusMessage transform(BusMessage message) {
        return message;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public byte systemCodecID() {
        return -1;
    }
}
