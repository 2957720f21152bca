package io.scaibunker.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** An enum constant that is spoken in lower case in the API, in rows and on the bus. */
public interface Word {
    String name();

    default String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The constant of {@code type} that is spoken {@code word}.
     *
     * @throws IllegalArgumentException naming the word and what is allowed
     */
    static <E extends Enum<E> & Word> E parse(Class<E> type, String word) {
        for (E constant : type.getEnumConstants()) {
            if (constant.word().equals(word)) {
                return constant;
            }
        }
        String allowed = Arrays.stream(type.getEnumConstants()).map(Word::word).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("value: " + word + " (expected one of: " + allowed + ")");
    }
}
