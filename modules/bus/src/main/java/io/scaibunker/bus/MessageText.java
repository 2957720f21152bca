package io.scaibunker.bus;

import com.fasterxml.jackson.core.JsonProcessingException;

/** A message as text, for who must find it again after its own restart: the same words as on the bus. */
public final class MessageText {
    private MessageText() {}

    public static String of(BusMessage message) {
        try {
            return BusJson.MAPPER.writeValueAsString(message);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " cannot be written", e);
        }
    }

    /** @throws IllegalArgumentException when the text is no such message */
    public static <T extends BusMessage> T read(String text, Class<T> type) {
        try {
            return BusJson.MAPPER.readValue(text, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("this is no " + type.getSimpleName(), e);
        }
    }
}
