package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.State;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/** Which moves of a state were seen in the rows: each must be allowed, and at the end none may be missing. */
final class Walk<S extends Enum<S> & State<S>> {
    private final S[] states;
    private final Set<String> walked = new TreeSet<>();

    Walk(S[] states) {
        this.states = states;
    }

    void seen(String verb, S from, S to) {
        if (from != to) {
            assertThat(from.next()).as("%s moves a row that is %s", verb, from).contains(to);
            walked.add(from + " -> " + to);
        }
    }

    void everyMoveWasWalked() {
        var missing = new TreeSet<String>();
        Arrays.stream(states).forEach(from -> from.next().forEach(to -> missing.add(from + " -> " + to)));
        missing.removeAll(walked);
        assertThat(missing).as("moves that no verb walks").isEmpty();
    }
}
