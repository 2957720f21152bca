package io.scaibunker.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** From when something was said to when a watcher heard of it. */
final class Latencies {
    private final Map<String, Long> said = new ConcurrentHashMap<>();
    private final List<Long> nanos = Collections.synchronizedList(new ArrayList<>());

    void said(String what) {
        said.put(what, System.nanoTime());
    }

    void heard(String what) {
        Long at = said.remove(what);
        if (at != null) {
            nanos.add(System.nanoTime() - at);
        }
    }

    int count() {
        return nanos.size();
    }

    /** In milliseconds; 0 where nothing was heard. */
    double quantile(double share) {
        List<Long> sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return sorted.isEmpty()
                ? 0
                : sorted.get((int) Math.min(sorted.size() - 1L, Math.round(sorted.size() * share))) / 1e6;
    }

    void restart() {
        said.clear();
        nanos.clear();
    }
}
