package io.scaibunker.worker;

import io.scaibunker.model.BunkerId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the consoles of bunkers said last that are over: who asks why one failed finds its directory gone. The latest ones only,
 * and not over a restart of the worker. Safe for several threads.
 */
final class LastConsoles {
    static final int CHARACTERS_MAX = 4 << 20;

    /** The one that ended longest ago is the eldest. */
    private final Map<BunkerId, String> texts = new LinkedHashMap<>();

    private int characters;

    synchronized void keep(BunkerId id, String text) {
        forget(texts.remove(id));
        texts.put(id, text);
        characters += text.length();
        Iterator<String> eldest = texts.values().iterator();
        while (characters > CHARACTERS_MAX && eldest.hasNext()) {
            characters -= eldest.next().length();
            eldest.remove();
        }
    }

    private void forget(@Nullable String text) {
        characters -= text == null ? 0 : text.length();
    }

    synchronized Optional<String> of(BunkerId id) {
        return Optional.ofNullable(texts.get(id));
    }
}
