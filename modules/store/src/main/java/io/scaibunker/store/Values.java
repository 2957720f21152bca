package io.scaibunker.store;

import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/** Named parameters of a statement, where some may be null. */
final class Values extends HashMap<String, @Nullable Object> {
    private static final long serialVersionUID = 1L;

    static Values of(String name, @Nullable Object value) {
        return new Values().and(name, value);
    }

    Values and(String name, @Nullable Object value) {
        put(name, value);
        return this;
    }
}
