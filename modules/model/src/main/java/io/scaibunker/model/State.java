package io.scaibunker.model;

import java.util.Set;

/** A status with the whole table of its moves. Staying where one is is no move. */
public interface State<S extends State<S>> extends Word {
    /** The states that may follow this one. */
    Set<S> next();

    /** Whether nothing follows. */
    default boolean isFinal() {
        return next().isEmpty();
    }
}
