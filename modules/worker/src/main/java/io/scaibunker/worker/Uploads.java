package io.scaibunker.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who is served from here. There are so many places; when they are taken, whoever comes is told of those that are served the
 * same image, for these have it soon. So what all workers want spreads as a tree and not as a queue before the first one.
 */
final class Uploads {
    private final int slots;

    /** Where those who are served can be asked themselves, by image; empty for one that does not say. */
    private final Map<String, List<String>> served = new HashMap<>();

    private int taken;

    Uploads(int slots) {
        this.slots = slots;
    }

    /** A place; to be given back by closing it. */
    final class Place implements AutoCloseable {
        private final String digest;
        private final String address;
        private boolean closed;

        private Place(String digest, String address) {
            this.digest = digest;
            this.address = address;
        }

        @Override
        public void close() {
            synchronized (Uploads.this) {
                if (!closed) {
                    closed = true;
                    taken--;
                    List<String> others = served.get(digest);
                    if (others != null) {
                        others.remove(address);
                        if (others.isEmpty()) {
                            served.remove(digest);
                        }
                    }
                }
            }
        }
    }

    synchronized Optional<Place> take(String digest, String address) {
        if (taken == slots) {
            return Optional.empty();
        }
        taken++;
        served.computeIfAbsent(digest, none -> new ArrayList<>()).add(address);
        return Optional.of(new Place(digest, address));
    }

    /** Whom to ask instead, without the asker. */
    synchronized List<String> instead(String digest, String asker) {
        return served.getOrDefault(digest, List.of()).stream()
                .filter(other -> !other.isEmpty() && !other.equals(asker))
                .distinct()
                .toList();
    }
}
