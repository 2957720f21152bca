package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.BunkerId;
import org.junit.jupiter.api.Test;

class LastConsolesTest {
    private final LastConsoles consoles = new LastConsoles();

    @Test
    void theLatestAreKeptAndAllTogetherAreBounded() {
        BunkerId first = BunkerId.fresh();
        BunkerId second = BunkerId.fresh();
        BunkerId third = BunkerId.fresh();
        String half = "x".repeat(LastConsoles.CHARACTERS_MAX / 2);
        consoles.keep(first, half);
        consoles.keep(second, "old");
        consoles.keep(second, half);
        assertThat(consoles.of(first)).hasValue(half);
        assertThat(consoles.of(second)).hasValue(half);
        consoles.keep(third, "panic");
        assertThat(consoles.of(first)).isEmpty();
        assertThat(consoles.of(second)).hasValue(half);
        assertThat(consoles.of(third)).hasValue("panic");
    }
}
